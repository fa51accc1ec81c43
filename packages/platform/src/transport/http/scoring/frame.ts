import { unreadable } from './cast.ts'

/** Data of a request before types are looked at: columns by name, or one array without names. */
export type Frame = NamedFrame | ArrayFrame

export interface NamedFrame {
  kind: 'columns'
  /** Values row by row of the columns that the signature knows; `null` for a missing one. */
  columns: Map<string, unknown[]>
  /** Some names of the others. */
  extra: string[]
  /** Each row as an array of all its values, where it came as a table. */
  matrix?(): unknown[]
  rows: number
  /** Whether it came as a table: then a refused value is told with the name of its column, as pandas does. */
  table: boolean
}

export interface ArrayFrame {
  kind: 'array'
  value: unknown
  table: boolean
}

type Json = Record<string, unknown>

const KEYS = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'] as const
const UNIFIED = ['messages', 'prompt', 'input']
const WANTED = `{${KEYS.map((key) => `'${key}'`).join(', ')}}`

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function pythonName(value: unknown): string {
  if (Array.isArray(value)) return 'list'
  if (value === null) return 'NoneType'
  return { object: 'dictionary', string: 'str', boolean: 'bool', number: 'int', bigint: 'int' }[typeof value as string] ?? typeof value
}

/** Names that are told of columns that nobody knows. */
const MOST_EXTRA = 20

/**
 * Takes the data out of a parsed body; of the columns, those that are `known`. Keys beside the data are left alone; `params` is
 * read elsewhere. Throws `request-invalid`.
 */
export function frameOf(body: unknown, known: ReadonlySet<string>): Frame {
  if (!isObject(body)) {
    const got = Array.isArray(body) ? 'Received a list.' : `Received unexpected input type '${pythonName(body)}'`
    throw unreadable(`Invalid input. The input must be a JSON dictionary with exactly one of the input fields ${WANTED}. ${got}`)
  }
  if (UNIFIED.some((key) => Object.hasOwn(body, key)))
    return { kind: 'columns', columns: new Map(), extra: Object.keys(body).slice(0, MOST_EXTRA), rows: 1, table: false }
  const given = KEYS.filter((key) => Object.hasOwn(body, key))
  const [key, ...others] = given
  if (key === undefined || others.length > 0) {
    const names = Object.keys(body)
      .slice(0, 20)
      .map((name) => `'${name.slice(0, 60)}'`)
    throw unreadable(
      `The input must be a JSON dictionary with exactly one of the input fields ${WANTED}. Received dictionary with input fields: [${names.join(', ')}]`,
    )
  }
  const value = body[key]
  if (key === 'dataframe_split') return splitFrame(value, known)
  if (key === 'dataframe_records') return recordsFrame(value, known)
  return key === 'instances' ? instancesFrame(value, known) : inputsFrame(value, known)
}

function splitFrame(value: unknown, known: ReadonlySet<string>): Frame {
  if (!isObject(value)) throw unreadable(`Invalid input. Dataframe split format must be a dictionary. Got ${pythonName(value)}.`)
  const names = Object.keys(value)
  if (!names.includes('data') || names.some((name) => !['data', 'columns', 'index'].includes(name)))
    throw unreadable(
      `Invalid input. Dataframe split format must have 'data' field and optionally 'columns' and 'index' fields. Got ${names.slice(0, 20).join(', ').slice(0, 200)}.`,
    )
  const wrong = (why: string) =>
    unreadable(`Invalid input. Provided dataframe_split field is not a valid dataframe representation in 'split' format. Error: '${why}'`)
  const { data, columns } = value
  if (!Array.isArray(data)) throw wrong(`data is ${pythonName(data)}`)
  if (columns === undefined || columns === null) return { kind: 'array', value: data, table: true }
  if (!Array.isArray(columns)) throw wrong(`columns is ${pythonName(columns)}`)
  const found = new Map<string, unknown[]>()
  const seen = new Set<string>()
  for (const [index, column] of columns.entries()) {
    const name = String(column)
    if (seen.has(name)) throw wrong(`the column ${name.slice(0, 60)} is there twice`)
    seen.add(name)
    if (!known.has(name)) continue
    found.set(
      name,
      data.map((row: unknown) => (Array.isArray(row) ? (row[index] ?? null) : index === 0 ? row : null)),
    )
  }
  const wide = data.find((row: unknown) => Array.isArray(row) && row.length > columns.length) as unknown[] | undefined
  if (wide) throw wrong(`${columns.length} columns passed, passed data had ${wide.length} columns`)
  const extra = [...seen].filter((name) => !known.has(name)).slice(0, MOST_EXTRA)
  return { kind: 'columns', columns: found, extra, rows: data.length, table: true, matrix: () => data }
}

/** The known columns of objects, and names of others. What is missing is `null`. */
function gather(records: readonly Json[], known: ReadonlySet<string>): Pick<NamedFrame, 'columns' | 'extra' | 'rows'> {
  const columns = new Map<string, unknown[]>()
  const extra = new Set<string>()
  for (const [row, record] of records.entries()) {
    for (const [name, value] of Object.entries(record)) {
      if (!known.has(name)) {
        if (extra.size < MOST_EXTRA) extra.add(name)
        continue
      }
      let values = columns.get(name)
      if (!values) {
        values = new Array<unknown>(records.length).fill(null)
        columns.set(name, values)
      }
      values[row] = value
    }
  }
  return { columns, extra: [...extra], rows: records.length }
}

function recordsFrame(value: unknown, known: ReadonlySet<string>): Frame {
  if (!Array.isArray(value)) throw unreadable(`Invalid input. Dataframe records format must be a list of records. Got ${pythonName(value)}.`)
  if (!value.every(isObject)) {
    throw unreadable(
      "Invalid input. Provided dataframe_records field is not a valid dataframe representation in 'records' format. Error: 'not every record is an object'",
    )
  }
  return { kind: 'columns', ...gather(value, known), table: true, matrix: () => value.map((record) => Object.values(record)) }
}

function instancesFrame(value: unknown, known: ReadonlySet<string>): Frame {
  if (!Array.isArray(value) || value.length === 0 || !value.every(isObject)) return { kind: 'array', value, table: false }
  const names = Object.keys(value[0]!)
  if (!value.every((record) => Object.keys(record).length === names.length && names.every((name) => Object.hasOwn(record, name))))
    throw unreadable('Invalid input. The length of values for each input/column name are not the same')
  return { kind: 'columns', ...gather(value, known), table: false }
}

function inputsFrame(value: unknown, known: ReadonlySet<string>): Frame {
  if (Array.isArray(value) && value.length > 0 && value.every(isObject)) return { kind: 'columns', ...gather(value, known), table: false }
  if (!isObject(value)) return { kind: 'array', value, table: false }
  const columns = new Map<string, unknown[]>()
  const extra: string[] = []
  let rows = 0
  for (const [name, inner] of Object.entries(value)) {
    // an object of plain values is one row
    const values = Array.isArray(inner) ? inner : [inner]
    rows = Math.max(rows, values.length)
    if (known.has(name)) columns.set(name, values)
    else if (extra.length < MOST_EXTRA) extra.push(name)
  }
  for (const [name, { length }] of columns)
    if (length !== rows) throw unreadable(`Invalid input. All arrays must be of the same length: ${name} has ${length} values, and others have ${rows}`)
  return { kind: 'columns', columns, extra, rows, table: false }
}
