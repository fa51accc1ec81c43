import type { DataType } from '@fairlead/contract'
import type { Tensor } from '../../domain/inference/index.ts'
import { type FlatFields, type FlatValue, writeFlat } from './flatbuffer-writer.ts'
import { ARROW_TYPES } from './schema.ts'

/** One column of a stream: with `width`, lists of so many values. */
export interface FieldLayout {
  name: string
  type: DataType
  width?: number
}

/** Numbers of Arrow's Message.fbs and Schema.fbs. */
const VERSION_5 = 4
const SCHEMA = 1
const BATCH = 3
const CONTINUES = 0xffffffff

const byte = (value: number): FlatValue => ({ bytes: 1, value })
const short = (value: number): FlatValue => ({ bytes: 2, value })
const int = (value: number): FlatValue => ({ bytes: 4, value })

function typeFields(type: DataType): [id: number, facts: FlatFields] {
  if (type === 'string') return [ARROW_TYPES.utf8, []]
  if (type === 'bool') return [ARROW_TYPES.bool, []]
  if (type.startsWith('float')) return [ARROW_TYPES.float, [short({ float16: 0, float32: 1, float64: 2 }[type as 'float16' | 'float32' | 'float64'])]]
  return [ARROW_TYPES.int, [int(Number(type.replace(/^u?int/, ''))), byte(type.startsWith('u') ? 0 : 1)]]
}

function fieldTable({ name, type, width }: FieldLayout): FlatFields {
  const [id, facts] = typeFields(type)
  // name, nullable, type, facts of the type, dictionary, children
  if (width === undefined) return [{ text: name }, byte(1), byte(id), { table: facts }, undefined, { tables: [] }]
  const item: FlatFields = [{ text: 'item' }, byte(1), byte(id), { table: facts }, undefined, { tables: [] }]
  return [{ text: name }, byte(1), byte(ARROW_TYPES.fixedList), { table: [int(width)] }, undefined, { tables: [item] }]
}

function enclosed(metadata: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + metadata.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, CONTINUES, true)
  view.setUint32(4, metadata.length, true)
  bytes.set(metadata, 8)
  return bytes
}

/** The parts of a column's values as they lie in the body of a batch. */
interface Region {
  bytes: Uint8Array
  at: number
}

/**
 * Arrow IPC streams (https://arrow.apache.org/docs/format/Columnar.html) of one batch of the same columns: its schema and the head of
 * its batch are written once, and only numbers in them change.
 */
export class StreamLayout {
  readonly #fields: readonly FieldLayout[]
  readonly #schema: Uint8Array
  readonly #head: Uint8Array
  readonly #places: { body: number; rows: number; nodes: number; buffers: number }

  constructor(fields: readonly FieldLayout[]) {
    this.#fields = fields
    // version, kind of header, header, length of the body; of a schema: byte order, fields
    const schema = writeFlat([short(VERSION_5), byte(SCHEMA), { table: [short(0), { tables: fields.map(fieldTable) }] }, { bytes: 8, value: 0 }])
    this.#schema = enclosed(schema.bytes)
    const nodes = fields.reduce((sum, { width }) => sum + (width === undefined ? 1 : 2), 0)
    const buffers = fields.reduce((sum, { type, width }) => sum + (type === 'string' ? 3 : 2) + (width === undefined ? 0 : 1), 0)
    const batch: FlatFields = [
      { bytes: 8, value: 0 },
      { numbers: nodes * 2, each: 2 },
      { numbers: buffers * 2, each: 2 },
    ]
    const head = writeFlat([short(VERSION_5), byte(BATCH), { table: batch }, { bytes: 8, value: 0 }])
    this.#head = enclosed(head.bytes)
    // in the order in which the writer comes to them: the batch before the length of the body, which stands in the table above
    const [rows = 0, nodesAt = 0, buffersAt = 0, body = 0] = head.places.map((place) => place + 8)
    this.#places = { body, rows, nodes: nodesAt, buffers: buffersAt }
  }

  /** The stream of tensors that have the types and widths of the columns. */
  write(tensors: readonly Tensor[]): Uint8Array {
    const rows = tensors[0]?.shape[0] ?? 0
    const head = this.#head.slice()
    const view = new DataView(head.buffer)
    const regions: Region[] = []
    let [body, node, buffer] = [0, this.#places.nodes, this.#places.buffers]
    const addNode = (length: number, nulls: number) => {
      view.setBigInt64(node, BigInt(length), true)
      view.setBigInt64(node + 8, BigInt(nulls), true)
      node += 16
    }
    const addBuffer = (bytes: Uint8Array | undefined) => {
      const length = bytes?.length ?? 0
      view.setBigInt64(buffer, BigInt(body), true)
      view.setBigInt64(buffer + 8, BigInt(length), true)
      buffer += 16
      if (bytes && length > 0) regions.push({ bytes, at: body })
      body += Math.ceil(length / 8) * 8
    }
    tensors.forEach((tensor, i) => {
      const { width } = this.#fields[i]!
      if (width !== undefined) {
        addNode(rows, 0)
        addBuffer(undefined)
      }
      const { count, validity } = validityOf(tensor)
      addNode(tensor.data.length, count)
      addBuffer(validity)
      for (const bytes of valuesOf(tensor)) addBuffer(bytes)
    })
    view.setBigInt64(this.#places.rows, BigInt(rows), true)
    view.setBigInt64(this.#places.body, BigInt(body), true)
    return this.#joined(head, regions, body)
  }

  #joined(head: Uint8Array, regions: readonly Region[], body: number): Uint8Array {
    const start = this.#schema.length + head.length
    const stream = new Uint8Array(start + body + 8)
    stream.set(this.#schema, 0)
    stream.set(head, this.#schema.length)
    for (const { bytes, at } of regions) stream.set(bytes, start + at)
    new DataView(stream.buffer).setUint32(start + body, CONTINUES, true)
    return stream
  }
}

function validityOf({ data, nulls }: Tensor): { count: number; validity: Uint8Array | undefined } {
  if (!nulls) return { count: 0, validity: undefined }
  const validity = new Uint8Array((data.length + 7) >> 3)
  let count = 0
  for (let i = 0; i < data.length; i++) {
    if (nulls[i] === 1) count++
    else validity[i >> 3]! |= 1 << (i & 7)
  }
  return count === 0 ? { count, validity: undefined } : { count, validity }
}

function valuesOf({ type, data }: Tensor): Uint8Array[] {
  if (Array.isArray(data)) return textValues(data)
  if (type !== 'bool') return [new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]
  const bits = new Uint8Array((data.length + 7) >> 3)
  for (let i = 0; i < data.length; i++) if (data[i] !== 0) bits[i >> 3]! |= 1 << (i & 7)
  return [bits]
}

function textValues(texts: readonly string[]): Uint8Array[] {
  const offsets = new Int32Array(texts.length + 1)
  let length = 0
  texts.forEach((text, i) => {
    length += Buffer.byteLength(text)
    offsets[i + 1] = length
  })
  const bytes = Buffer.allocUnsafe(length)
  texts.forEach((text, i) => void bytes.write(text, offsets[i]!))
  return [new Uint8Array(offsets.buffer), bytes]
}
