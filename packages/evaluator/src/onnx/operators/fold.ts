import type { ElementType } from '../../form/element.ts'
import { type Call, malformed, unsupported } from '../call.ts'
import { type Constant, numbers } from '../tensor.ts'
import { walk, widthOf } from '../values.ts'
import { elementsFor, meet } from './broadcast.ts'

/** Works out a function of two constants, element by element. `round` rounds to the type of the result. */
export function foldTwo(
  call: Call,
  [a, b]: readonly [Constant, Constant],
  { type, of }: { type: ElementType; of: (x: number, y: number) => number },
): Constant {
  checkNumbers(call, a)
  checkNumbers(call, b)
  const dims = meet(call, [a, b])
  call.builder.take(widthOf(dims))
  const [left, right] = [elementsFor(a, dims, true), elementsFor(b, dims, true)]
  const data = Float64Array.from({ length: widthOf(dims) }, (_, at) => of(left[left.length === 1 ? 0 : at]!, right[right.length === 1 ? 0 : at]!))
  return checked(call, numbers(type, dims, data))
}

/** Works out a function of each element of a constant. */
export function foldOne(call: Call, constant: Constant, { type, of }: { type: ElementType; of: (x: number) => number }): Constant {
  checkNumbers(call, constant)
  call.builder.take(constant.data.length)
  return checked(call, numbers(type, constant.dims, constant.data.map(of)))
}

/** Some elements of a constant, as one of shape `dims`. */
export function pickElements(
  call: Call,
  constant: Constant,
  { strides, start = 0, dims }: { strides: readonly number[]; start?: number; dims: readonly number[] },
): Constant {
  call.builder.take(widthOf(dims))
  const indices = walk(dims, strides, start)
  if (constant.type === 'text') return { ...constant, dims, texts: Array.from(indices, (index) => constant.texts[index]!) }
  return numbers(
    constant.type,
    dims,
    Float64Array.from(indices, (index) => constant.data[index]!),
  )
}

function checkNumbers(call: Call, { type, data }: Constant): void {
  if (type === 'text') throw malformed(call, 'it works on numbers, and is given texts')
  if (type !== 'f32' && type !== 'f64' && !data.every(Number.isFinite)) throw unsupported(call, 'it works on the number of rows, or on numbers beyond 2^53')
}

function checked(call: Call, constant: Constant): Constant {
  const whole = constant.type === 'i64' || constant.type === 'i32'
  if (whole && !constant.data.every(Number.isSafeInteger)) throw unsupported(call, 'whole numbers beyond 2^53 come out')
  return constant
}

/** How numbers of a type are rounded. */
export function roundingOf(type: ElementType): (x: number) => number {
  return type === 'f32' ? Math.fround : (x) => x
}
