import type { Elements, ElementType } from '../form/element.ts'

/** A value of a form while it is worked out: `rows × width` elements, row after row. */
export interface Value {
  readonly type: ElementType
  readonly width: number
  readonly data: Elements
}

/** A value of zeros. */
export function zeros(type: ElementType, rows: number, width: number): Value {
  return { type, width, data: elements(type, rows * width) }
}

function elements(type: ElementType, length: number): Elements {
  switch (type) {
    case 'f32':
      return new Float32Array(length)
    case 'f64':
      return new Float64Array(length)
    case 'i64':
      return new BigInt64Array(length)
    case 'bool':
      return new Uint8Array(length)
    default:
      return new Int32Array(length)
  }
}

/** Writes a number as the value's type holds it: rounded once to f32; a whole number as i64. */
export function put({ data }: Value, at: number, number: number): void {
  if (data instanceof BigInt64Array) data[at] = BigInt(number)
  else data[at] = number
}

/** How a sum or product of this type is rounded after every operation. */
export function rounding(type: 'f32' | 'f64'): (x: number) => number {
  return type === 'f32' ? Math.fround : (x) => x
}

/** The type of a value that must be of floating point. */
export function floating({ type }: Value): 'f32' | 'f64' {
  if (type !== 'f32' && type !== 'f64') throw new TypeError(`a value of ${type} where f32 or f64 is needed`)
  return type
}

/** `list[column]`, or its only element. */
export function each(list: ArrayLike<number>, column: number): number {
  return list[list.length === 1 ? 0 : column]!
}
