import type { InputColumn } from '@fairlead/contract'

type Shaped = Pick<InputColumn, 'type' | 'shape'>

/** The type of a row's value with its shape: `float32`, `float32[4]`; `?` where a size varies. */
export function typeOf({ type, shape = [] }: Shaped): string {
  return shape.length === 0 ? type : `${type}[${shape.map((size) => (size < 0 ? '?' : size)).join(',')}]`
}

/** How many values a column takes that is a list of fixed length; `undefined` for any other. */
export function widthOf({ shape = [] }: Pick<InputColumn, 'shape'>): number | undefined {
  const [width] = shape
  return shape.length === 1 && width !== undefined && width > 1 ? width : undefined
}

/** What to do about a column that stands for a whole wide tensor. */
export function wideWords(column: Pick<InputColumn, 'name'> & Shaped): string {
  const { name, type } = column
  const values = type === 'string' ? 'texts' : type === 'bool' ? 'truth values' : 'numbers'
  return `${name} takes ${widthOf(column)} ${values}; name them with --signature, or send {${JSON.stringify(name)}: [..]}`
}
