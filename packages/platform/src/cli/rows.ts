import { FairleadError, isFloat, isInteger, parseJson, type Row, type Signature } from '@fairlead/contract'
import { CsvParser, type CsvRecord } from './csv.ts'

/** Formats of rows that `predict` reads. */
export type RowFormat = 'json' | 'ndjson' | 'csv'

const FORMATS: Record<string, RowFormat> = { json: 'json', ndjson: 'ndjson', jsonl: 'ndjson', csv: 'csv' }
const LATER = ['parquet', 'arrow', 'xlsx', 'feather']
const LARGEST_JSON = 256 * 1024 ** 2

/** The format that an option or a file's name says; `undefined` where neither does. Throws `not-supported` for those of later versions. */
export function formatOf(option: string | undefined, fileName: string | undefined): RowFormat | undefined {
  const word = (option ?? fileName?.match(/\.([a-z0-9]+)$/i)?.[1])?.toLowerCase()
  if (word === undefined) return undefined
  const format = FORMATS[word]
  if (format) return format
  if (LATER.includes(word))
    throw new FairleadError(
      'not-supported',
      `The format ${word} is not supported by predict yet; convert the rows to csv, ndjson or json, or send the file over HTTP (docs/guides/formats.md).`,
    )
  if (option !== undefined) throw new FairleadError('usage', `--format takes json, ndjson or csv, not "${option}".`)
  return undefined
}

/** A deployment's columns, by name: what a CSV does not say of its fields. */
export type Columns = ReadonlyMap<string, Pick<Signature['columns'][number], 'type' | 'optional' | 'shape'>>

/** Where rows come from. */
export interface RowSource {
  chunks: AsyncIterable<Uint8Array | string>
  /** Absent when it has to be guessed from the first characters. */
  format: RowFormat | undefined
  /** Asked for once, when the rows are CSV: its text says nothing of types. */
  columns: () => Promise<Columns>
}

/** Rows one by one, as they are read. Whole numbers beyond 2^53 become `bigint`. Throws `json-invalid` or `request-invalid` with the line. */
export async function* readRows(source: RowSource): AsyncGenerator<Row> {
  const text = decode(source.chunks)
  const first = await text.next()
  if (first.done) throw new FairleadError('rows-empty', 'The input is empty.')
  const all = prepend(first.value, text)
  const format = source.format ?? guess(first.value)
  if (format === 'csv') yield* csvRows(all, await source.columns())
  else if (format === 'ndjson') yield* ndjsonRows(all)
  else yield* jsonRows(all)
}

async function* decode(chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const step = (chunk?: Uint8Array) => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined })
    } catch (cause) {
      throw new FairleadError('utf8-invalid', 'The input is not valid UTF-8.', { cause })
    }
  }
  for await (const chunk of chunks) {
    const text = typeof chunk === 'string' ? chunk : step(chunk)
    if (text !== '') yield text
  }
  const rest = step()
  if (rest !== '') yield rest
}

async function* prepend(first: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  yield first
  yield* rest
}

function guess(text: string): RowFormat {
  const start = text.trimStart()
  if (start.startsWith('[')) return 'json'
  if (!start.startsWith('{')) return 'csv'
  const [line = '', ...more] = start.split('\n')
  try {
    JSON.parse(line)
    return more.some((other) => other.trim() !== '') ? 'ndjson' : 'json'
  } catch {
    return 'json'
  }
}

/** Reads JSON text with whole numbers kept exact. Throws `json-invalid`. */
export function parseExact(text: string, place: string): unknown {
  try {
    return parseJson(text)
  } catch (cause) {
    throw new FairleadError('json-invalid', `${place} is not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** The rows of a parsed document: one row, an array of rows, or an object with `rows`. */
export function rowsOf(value: unknown, place: string): Row[] {
  const inner = isObject(value) && Array.isArray(value.rows) ? value.rows : value
  const orient = isObject(inner) ? orientOf(inner) : undefined
  if (orient !== undefined) {
    throw new FairleadError('request-invalid', `${place} is a table as pandas writes it with to_json(orient=${orient}); write it with orient='records'.`)
  }
  const rows = Array.isArray(inner) ? inner : [inner]
  rows.forEach((row, index) => {
    if (!isObject(row)) throw new FairleadError('request-invalid', `${place}: row ${index} is not an object with a value per column.`)
  })
  return rows as Row[]
}

/** The other ways in which pandas writes a table as JSON: `split`, and a column or a row as an object by index. */
function orientOf(value: Row): string | undefined {
  if (Array.isArray(value.columns) && Array.isArray(value.data)) return "'split'"
  const parts = Object.values(value)
  if (parts.length > 0 && parts.every((part) => isObject(part) && Object.hasOwn(part, '0'))) return "'columns'"
  return parts.length > 0 && Object.keys(value).every((key) => /^\d+$/.test(key)) && parts.every(isObject) ? "'index'" : undefined
}

function isObject(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

async function* jsonRows(text: AsyncIterable<string>): AsyncGenerator<Row> {
  let whole = ''
  for await (const piece of text) {
    whole += piece
    if (whole.length > LARGEST_JSON)
      throw new FairleadError('body-too-large', 'The JSON input is larger than 256 MB; hand it over as ndjson, which is read row by row.')
  }
  yield* rowsOf(parseExact(whole, 'The input'), 'The input')
}

async function* ndjsonRows(text: AsyncIterable<string>): AsyncGenerator<Row> {
  let rest = ''
  let number = 0
  const rowOf = (line: string): Row[] => {
    number++
    return line.trim() === '' ? [] : rowsOf(parseExact(line, `Line ${number}`), `Line ${number}`)
  }
  for await (const piece of text) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield* rowOf(line)
  }
  yield* rowOf(rest)
}

async function* csvRows(text: AsyncIterable<string>, columns: Columns): AsyncGenerator<Row> {
  const parser = new CsvParser()
  let header: string[] | undefined
  const rowsIn = function* (records: CsvRecord[]): Generator<Row> {
    for (const record of records) {
      if (header) yield csvRow(header, record, columns)
      else header = headerOf(record)
    }
  }
  for await (const piece of text) yield* rowsIn(parser.push(piece))
  yield* rowsIn(parser.end())
}

function headerOf({ fields }: CsvRecord): string[] {
  const header = fields.map((field, index) => (index === 0 ? (field ?? '').replace(/^\ufeff/, '') : (field ?? '')).trim())
  const twice = header.find((name, index) => header.indexOf(name) !== index)
  const [only = ''] = header.length === 1 ? header : []
  const separator = /[;\t|]/.exec(only)?.[0]
  if (separator !== undefined) {
    const shown = separator === '\t' ? 'tabs' : `'${separator}'`
    throw new FairleadError(
      'request-invalid',
      `The header of the CSV is one column, "${only.slice(0, 80)}". Is the file separated by ${shown}? Write it with commas.`,
    )
  }
  if (twice !== undefined) throw new FairleadError('request-invalid', `The header of the CSV has the column "${twice}" twice.`)
  return header
}

function csvRow(header: string[], { line, fields }: CsvRecord, columns: Columns): Row {
  if (fields.length !== header.length) {
    throw new FairleadError('request-invalid', `Line ${line} of the CSV has ${fields.length} fields; the header has ${header.length}.`)
  }
  return Object.fromEntries(header.map((name, index) => [name, csvValue(fields[index] ?? null, columns.get(name))]))
}

/** How files write truth values; pandas writes `True` and `False`. */
const TRUTH: Record<string, boolean> = { true: true, '1': true, false: false, '0': false }

/**
 * A CSV field as its column has it, by the rules of CSV over HTTP: an empty field is null, but empty text in a column of text that must be
 * there. Text that does not fit stays text, for the platform to refuse by name.
 */
function csvValue(field: string | null, column: ReturnType<Columns['get']>): unknown {
  const type = column?.type
  if (type === 'string' && !column?.shape?.length) return field ?? (column?.optional ? null : '')
  const text = field ?? ''
  if (text === '') return null
  if (column === undefined || type === undefined) return text
  if (column.shape?.length) return text.startsWith('[') ? parseExact(text, 'A field of the CSV') : text
  if (type === 'bool') return TRUTH[text.toLowerCase()] ?? text
  if (isInteger(type) && /^[+-]?\d{1,20}(\.0+)?$/.test(text)) {
    const number = Number(text)
    return Number.isSafeInteger(number) ? number : BigInt(text.replace(/^\+|\.0+$/g, ''))
  }
  if (isFloat(type) && text.trim() === text && !Number.isNaN(Number(text))) return Number(text)
  return text
}
