import { FairleadError } from '@fairlead/contract'
import type { ReleasePlan, Table, Tensors } from '../../../domain/inference/index.ts'
import { nearestWord } from '../../../kernel/suggestion.ts'
import { timeoutMs } from '../deadline.ts'
import type { RowForm } from './forms.ts'
import { checkLines, mistaken } from './mistaken.ts'
import { readNdjson, withLines } from './ndjson.ts'

/** Longest key of a request. */
export const MAX_KEY = 1000
const QUERY = ['key', 'timeout']

/** The rows of a body that is not JSON, as the model takes them. */
export interface ReadRows {
  inputs: Tensors
  rows: number
}

/** Reads a body in NDJSON or as a table. Rejects with what is wrong with it, as JSON rows are refused. */
export async function readOtherRows(body: Buffer, form: RowForm, serving: ReleasePlan): Promise<ReadRows> {
  const { settings, signature } = serving.release
  const { maxRows } = settings
  if (form.kind === 'table') {
    const codec = await form.open()
    let table: Table
    try {
      table = await codec.read(body, { columns: signature.columns, maxRows })
    } catch (error) {
      throw mistaken(error, body, form.mediaType)
    }
    if (form.mediaType === 'text/csv') checkLines(body, table.rows)
    return { inputs: serving.rows.decodeTable(table), rows: table.rows }
  }
  const { rows, lines } = readNdjson(body, { exact: serving.rows.exactIntegers, maxRows })
  if (rows.length === 0) throw new FairleadError('rows-empty', 'the body has no rows')
  try {
    return { inputs: serving.rows.decode(rows), rows: rows.length }
  } catch (error) {
    throw error instanceof FairleadError ? withLines(error, lines) : error
  }
}

function invalid(path: string, detail: string): FairleadError {
  return new FairleadError('request-invalid', `${path}: ${detail}`, { items: [{ path, code: 'request-invalid', detail }] })
}

/** What a request whose body has rows alone says in its query: `?key=customer-4&timeout=250ms`. Throws `request-invalid`. */
export function readQuery(target: string): { key: string | undefined; timeoutMs: number | undefined } {
  const at = target.indexOf('?')
  if (at < 0) return { key: undefined, timeoutMs: undefined }
  const query = new URLSearchParams(target.slice(at + 1))
  for (const name of query.keys()) {
    const near = nearestWord(name, QUERY)
    if (!QUERY.includes(name)) throw invalid(name.slice(0, 100), `there is no such parameter${near === undefined ? '' : `; did you mean "${near}"?`}`)
    if (query.getAll(name).length > 1) throw invalid(name, 'it stands twice')
  }
  const key = query.get('key') ?? undefined
  if (key !== undefined && key.length > MAX_KEY) throw invalid('key', `text of at most ${MAX_KEY} characters is needed`)
  const timeout = query.get('timeout')
  return { key, timeoutMs: timeout === null ? undefined : timeoutMs(timeout, 'timeout') }
}
