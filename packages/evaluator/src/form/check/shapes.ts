import { UnreadableModel } from '../../unreadable.ts'

/** Fails where a value is not of the kind that it stands for. */
export type Shape = (value: unknown, where: string) => void

/** A shape for every field of a type: a field that is added to the form, and not here, does not compile. */
export type Shapes<T> = { readonly [K in keyof Required<T>]: Shape }

/** A fault of a form, to be thrown. */
export function fault(where: string, what: string): UnreadableModel {
  return new UnreadableModel('malformed', where, what)
}

function shape(what: string, holds: (value: unknown) => boolean): Shape {
  return (value, where) => {
    if (!holds(value)) throw fault(where, `is not ${what}`)
  }
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && !Object.is(value, -0)

export const text = shape('a text', (value) => typeof value === 'string')
export const number = shape('a number', (value) => typeof value === 'number')
export const flag = shape('true or false', (value) => typeof value === 'boolean')
export const whole = shape('a whole number from 0', (value) => isWhole(value) && value >= 0)
export const count = shape('a whole number from 1', (value) => isWhole(value) && value >= 1)
export const numbers = shape('a list of numbers', (value) => Array.isArray(value) && value.every((one) => typeof one === 'number'))
export const wholes = shape('a list of whole numbers', (value) => Array.isArray(value) && value.every(isWhole))
export const texts = shape('a list of texts', (value) => Array.isArray(value) && value.every((one) => typeof one === 'string'))
export const labels = shape(
  'a list of texts and numbers',
  (value) => Array.isArray(value) && value.every((one) => typeof one === 'string' || typeof one === 'number'),
)
export const f64s = shape('a Float64Array', (value) => value instanceof Float64Array)
export const i32s = shape('an Int32Array', (value) => value instanceof Int32Array)
export const u32s = shape('a Uint32Array', (value) => value instanceof Uint32Array)
export const u8s = shape('a Uint8Array', (value) => value instanceof Uint8Array)

/** One of these values. */
export function oneOf(...values: readonly (string | number)[]): Shape {
  return shape(`one of ${values.join(', ')}`, (value) => values.includes(value as string))
}

/** What may be left out. */
export function optional(of: Shape): Shape {
  return (value, where) => {
    if (value !== undefined) of(value, where)
  }
}

/** A list of this. */
export function listOf(of: Shape): Shape {
  return (value, where) => {
    if (!Array.isArray(value)) throw fault(where, 'is not a list')
    for (const [index, one] of value.entries()) of(one, `${where}[${index}]`)
  }
}

/** An object with these fields and no others. */
export function object<T>(fields: Shapes<T>): Shape {
  const known = new Map(Object.entries<Shape>(fields))
  return (value, where) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw fault(where, 'is not an object')
    for (const key of Object.keys(value)) if (!known.has(key)) throw fault(where, `has no field ${JSON.stringify(key.slice(0, 60))}`)
    for (const [key, of] of known) of((value as Readonly<Record<string, unknown>>)[key], where === '' ? key : `${where}.${key}`)
  }
}
