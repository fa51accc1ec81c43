import { FairleadError } from '@fairlead/contract'
import { allocate, type Table, type TableAsk, type TableColumn } from '../../domain/inference/index.ts'
import { BatchParts, type Room } from './buffers.ts'
import { Dictionary } from './dictionary.ts'
import { malformed } from './flatbuffer.ts'
import { readMessages } from './messages.ts'
import { type ArrowField, readSchema } from './schema.ts'
import { readVector, skipVector, unreadable, type Vector } from './vectors.ts'

/** Bytes that compressed buffers may become, or four times the stream where that is more. */
const MOST_INFLATED = 64 * 1024 * 1024
/** Batches of a stream: each costs memory, also one without rows. */
const MOST_BATCHES = 100_000

interface Reading {
  ask: TableAsk
  room: Room
  fields: ArrowField[] | undefined
  /** Batches of each wanted column, by its place in the schema. */
  columns: Map<number, Vector[]>
  dictionaries: Map<number, Dictionary>
  rows: number
  batches: number
}

/** Reads an Arrow IPC stream, or a file. Values are looked at when they are asked for. Throws as `TableCodec.read`. */
export function readArrow(bytes: Uint8Array, ask: TableAsk): Table {
  const room = { left: Math.max(MOST_INFLATED, bytes.length * 4) }
  const reading: Reading = { ask, room, fields: undefined, columns: new Map(), dictionaries: new Map(), rows: 0, batches: 0 }
  for (const { kind, header, body } of readMessages(bytes)) {
    if (kind === 'schema') takeSchema(reading, readSchema(header))
    else if (++reading.batches > MOST_BATCHES) throw malformed(`it has more than ${MOST_BATCHES} batches`)
    else if (kind === 'dictionary') {
      const data = header.table(1)
      if (!data) throw malformed('a dictionary has no values')
      takeDictionary(reading, header.size(0), { parts: new BatchParts(data, body, room), isDelta: header.uint8(2, 0) === 1 })
    } else takeBatch(reading, new BatchParts(header, body, room))
  }
  const { fields } = reading
  if (!fields) throw malformed('it has no schema')
  const columns = fields.map(({ name }, index): TableColumn => columnOf(name, reading.columns.get(index), reading.rows))
  return { rows: reading.rows, columns }
}

function takeSchema(reading: Reading, fields: ArrowField[]): void {
  if (reading.fields) throw malformed('it has two schemas')
  reading.fields = fields
  const known = new Set(reading.ask.columns.map(({ name }) => name))
  for (const [index, field] of fields.entries()) {
    if (!known.has(field.name)) continue
    const why = unreadable(field)
    if (why !== undefined) {
      const detail = `the column is ${why}, and its values must be numbers, texts or truth values; cast it before it is sent`
      throw new FairleadError('value-type', `${field.name}: ${detail}`, { items: [{ path: field.name, code: 'value-type', detail }] })
    }
    reading.columns.set(index, [])
  }
}

/** Fields that take their values from a dictionary, whatever lies between. */
function* inDictionaries(fields: readonly ArrowField[]): Generator<ArrowField> {
  for (const field of fields) {
    if (field.dictionary) yield field
    yield* inDictionaries(field.children)
  }
}

function takeDictionary(reading: Reading, id: number, { parts, isDelta }: { parts: BatchParts; isDelta: boolean }): void {
  const wanted = (reading.fields ?? []).filter((_, index) => reading.columns.has(index))
  const field = [...inDictionaries(wanted)].find(({ dictionary }) => dictionary!.id === id)
  // one of a column of which nobody will ask
  if (!field) return
  const values = readVector({ ...field, dictionary: undefined }, parts, reading.dictionaries)
  const before = isDelta ? reading.dictionaries.get(id) : undefined
  const dictionary = before ?? new Dictionary()
  dictionary.add(values)
  reading.dictionaries.set(id, dictionary)
}

function takeBatch(reading: Reading, parts: BatchParts): void {
  const { fields, ask, columns } = reading
  if (!fields) throw malformed('a batch comes before the schema')
  reading.rows += parts.rows
  if (reading.rows > ask.maxRows) {
    throw new FairleadError('rows-too-many', `more than ${ask.maxRows} rows in one request, at most ${ask.maxRows} are taken`)
  }
  for (const [index, field] of fields.entries()) {
    const vectors = columns.get(index)
    if (!vectors) {
      skipVector(field, parts)
      continue
    }
    const vector = readVector(field, parts, reading.dictionaries)
    if (vector.length !== parts.rows) throw malformed(`the column "${field.name.slice(0, 100)}" has another length than its batch`)
    if (parts.rows > 0) vectors.push(vector)
  }
}

function columnOf(name: string, vectors: Vector[] | undefined, rows: number): TableColumn {
  if (!vectors) return { name, at: () => undefined }
  const [first] = vectors
  const dense = denseOf(vectors, rows)
  if (vectors.length <= 1) return { name, at: (row) => first?.at(row), ...(dense ? { dense } : {}) }
  const starts: number[] = []
  let start = 0
  for (const { length } of vectors) {
    starts.push(start)
    start += length
  }
  let last = 0
  const at = (row: number): unknown => {
    // rows are asked for one after the other
    if (row < starts[last]!) last = 0
    while (last + 1 < starts.length && row >= starts[last + 1]!) last++
    return vectors[last]!.at(row - starts[last]!)
  }
  return { name, at, ...(dense ? { dense } : {}) }
}

function denseOf(vectors: readonly Vector[], rows: number): TableColumn['dense'] {
  const first = vectors[0]?.dense
  if (!first || vectors.length === 1 || !vectors.every(({ dense }) => dense)) return first
  const data = allocate(first.type, rows) as Float64Array
  let at = 0
  for (const { dense, length } of vectors) {
    data.set(dense!.data as Float64Array, at)
    at += length
  }
  return { type: first.type, data }
}
