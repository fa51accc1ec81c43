import { type Control, RequestError } from '@fairlead/client'
import type { InputColumn, Row, Signature } from '@fairlead/contract'
import { cell } from './format.ts'
import { wideWords, widthOf } from './wide-columns.ts'

/** Names that a table's index has in a CSV of pandas: none when it is written, this one when it was read and written again. */
const INDEX = /^$|^Unnamed: \d+$/

/** What is likely meant by rows that were refused, as sentences. */
type Hint = (row: Row, columns: readonly InputColumn[], said: string) => string | undefined

const HINTS: Hint[] = [wideHint, indexHint, renamedHint]

/** Adds to a refusal of rows what is likely meant. An error of another kind is answered as it is. */
export async function withHints(error: unknown, row: Row | undefined, { control, deployment }: { control: Control; deployment: string }): Promise<unknown> {
  if (!(error instanceof RequestError) || error.status !== 422 || row === undefined) return error
  const { signature } = await control.call('getDeploymentSignature', { params: { deployment } }).catch((): { signature?: Signature } => ({}))
  if (!signature) return error
  const { detail, errors = [] } = error.problem
  const said = [detail, ...errors.map((item) => item.detail)].join(' ')
  const hints = HINTS.flatMap((hint) => hint(row, signature.columns, said) ?? [])
  error.problem.detail = [error.problem.detail, ...hints].join(' ')
  return error
}

/** Rows that have as many columns as the one wide tensor has values, and none of its name, are its values under names that the model does not know. */
function wideHint(row: Row, columns: readonly InputColumn[]): string | undefined {
  const wide = columns.find((column) => widthOf(column) === Object.keys(row).length && !Object.hasOwn(row, column.name))
  return wide && `The rows have ${widthOf(wide)} columns, and ${wideWords(wide)}.`
}

function indexHint(row: Row, columns: readonly InputColumn[]): string | undefined {
  const index = strangers(row, columns).find((name) => INDEX.test(name))
  if (index === undefined) return undefined
  return `The column ${JSON.stringify(index)} looks like the index of a pandas table; write the file with to_csv(…, index=False).`
}

/** Converters put underscores where a name has other characters: `sepal length (cm)` becomes `sepal_length__cm_`. */
function renamedHint(row: Row, columns: readonly InputColumn[], said: string): string | undefined {
  const pairs = strangers(row, columns).flatMap((name) => {
    const meant = columns.find((column) => !Object.hasOwn(row, column.name) && plain(column.name) === plain(name))
    // the refusal itself may have asked whether it is meant
    return meant && !said.includes(`did you mean ${JSON.stringify(meant.name)}`) ? [`${JSON.stringify(cell(name))} is ${JSON.stringify(cell(meant.name))}`] : []
  })
  if (pairs.length === 0) return undefined
  return `In the model ${pairs.slice(0, 3).join(', ')}${pairs.length > 3 ? ', …' : ''}: rename the columns of the rows, or import the model with a signature file that has their names.`
}

function strangers(row: Row, columns: readonly InputColumn[]): string[] {
  const known = new Set(columns.map((column) => column.name))
  return Object.keys(row).filter((name) => !known.has(name))
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '_')
}
