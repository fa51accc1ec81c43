import { type InputColumn, isFloat, type Row, type Signature } from '@fairlead/contract'

/** Rows kept of an example. */
const ROW_LIMIT = 5

/**
 * Reads an MLflow input example as rows by column name. Takes the forms of `input_example.json` (a split frame, a nested list, a map
 * from tensor to nested list) and of `serving_input_example.json` (the same behind `dataframe_split`, `dataframe_records`, `inputs`
 * or `instances`). Anything that does not fit the signature gives no rows: an example is help, not a part of the model.
 */
export function exampleRows(json: unknown, signature: Signature): Row[] {
  const rows = rawRows(unwrap(json), signature)
  const names = new Set(signature.columns.map((column) => column.name))
  const fitting = rows.filter((row) => Object.keys(row).every((name) => names.has(name)))
  return fitting
    .map((row) => complete(row, signature))
    .filter((row) => row !== undefined)
    .slice(0, ROW_LIMIT)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function unwrap(json: unknown): unknown {
  if (!isRecord(json)) return json
  return json.dataframe_split ?? json.dataframe_records ?? json.instances ?? json.inputs ?? json
}

function rawRows(value: unknown, signature: Signature): Row[] {
  if (Array.isArray(value)) {
    if (value.every(isRecord)) return value.slice(0, ROW_LIMIT)
    return value.slice(0, ROW_LIMIT).map((row) => positional(row, signature.columns))
  }
  if (!isRecord(value)) return []
  if (Array.isArray(value.data)) {
    const columns = value.columns
    const names = Array.isArray(columns) && columns.every((name) => typeof name === 'string') ? columns : undefined
    return value.data.slice(0, ROW_LIMIT).map((row: unknown) => {
      if (!names || !Array.isArray(row)) return positional(row, signature.columns)
      return Object.fromEntries(names.map((name, index) => [name, row[index]]))
    })
  }
  return byTensor(value, signature)
}

/** A row given by position: one value for each column, or the row of a single tensor. */
function positional(row: unknown, columns: readonly InputColumn[]): Row {
  const [only] = columns
  if (columns.length === 1 && only) return { [only.name]: only.shape === undefined ? single(row) : row }
  if (!Array.isArray(row) || row.length !== columns.length) return {}
  return Object.fromEntries(columns.map((column, index) => [column.name, row[index]]))
}

/** `[N,1]` tensors wrap each value. */
function single(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] : value
}

function byTensor(tensors: Record<string, unknown>, signature: Signature): Row[] {
  const lengths = Object.values(tensors).map((list) => (Array.isArray(list) ? list.length : 0))
  const count = Math.min(ROW_LIMIT, ...lengths)
  return Array.from({ length: lengths.length === 0 ? 0 : count }, (_, row) =>
    Object.fromEntries(
      signature.columns.map((column) => {
        const list = tensors[column.tensor] ?? tensors[column.name]
        const value = Array.isArray(list) ? list[row] : undefined
        if (column.index !== undefined && Array.isArray(value)) return [column.name, value[column.index]]
        return [column.name, column.shape === undefined ? single(value) : value]
      }),
    ),
  )
}

/** MLflow writes NaN as null; a row without a required value is of no use. */
function complete(row: Row, signature: Signature): Row | undefined {
  const entries: [string, unknown][] = []
  for (const column of signature.columns) {
    const value = row[column.name] ?? null
    if (value !== null) entries.push([column.name, value])
    else if (column.optional === true) continue
    else if (isFloat(column.type) && column.shape === undefined && column.name in row) entries.push([column.name, 'NaN'])
    else return undefined
  }
  return Object.fromEntries(entries)
}
