import type { Control } from '@fairlead/client'
import { RequestError } from '@fairlead/client'
import type { InputColumn, Row } from '@fairlead/contract'

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

/**
 * Adds to a refusal what is likely meant: rows that have as many columns as the one wide tensor has values, and none of its name, are
 * its values under names that the model does not know.
 */
export async function withWideHint(error: unknown, row: Row | undefined, { control, deployment }: { control: Control; deployment: string }): Promise<unknown> {
  if (!(error instanceof RequestError) || error.status !== 422 || row === undefined) return error
  const { signature } = await control.call('getDeploymentSignature', { params: { deployment } }).catch(() => ({ signature: undefined }))
  const wide = signature?.columns.find((column) => widthOf(column) === Object.keys(row).length && !Object.hasOwn(row, column.name))
  if (wide) error.problem.detail = `${error.problem.detail} The rows have ${widthOf(wide)} columns, and ${wideWords(wide)}.`
  return error
}
