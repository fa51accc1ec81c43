import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import type { DataType } from '@fairlead/contract'
import { type BatchTarget, joinFiles, type OutputColumn, type OutputFacts, type PartWriter } from '../../../domain/batch/index.ts'
import { type AnswerColumn, allocate } from '../../../domain/inference/index.ts'
import { ThriftWriter } from '../log/thrift-writer.ts'
import { PARQUET_TYPES, PHYSICAL } from '../log/types.ts'
import { type ChunkFacts, encodeChunk, type GroupColumn } from './chunk.ts'

const MAGIC = Buffer.from('PAR1')
/** Values of a row group are in memory as a whole. */
const GROUP_ROWS = 122_880
const GROUP_VALUES = 8_000_000
const OPTIONAL = 1
const REQUIRED = 0
const REPEATED = 2
const LIST = 3

interface Group {
  rows: number
  chunks: ChunkFacts[]
}

interface ParquetPart {
  rows: number
  bytes: number
  columns: OutputColumn[] | null
  groups: Group[]
}

/** Writes Parquet: row groups one behind the other, which are put together as they lie. Source: https://github.com/apache/parquet-format */
export const parquetTarget: BatchTarget = {
  holdsMetadata: true,
  part: (path) => new ParquetPartWriter(path),
  join(path, parts, facts) {
    const own = parts.map((part) => part.facts as ParquetPart)
    const footer = footerOf(own, facts)
    const length = Buffer.alloc(4)
    length.writeUInt32LE(footer.length)
    const files = parts.map((part, i) => ({ path: part.path, rows: own[i]!.rows }))
    return joinFiles(path, { head: MAGIC, parts: files, tail: Buffer.concat([footer, length, MAGIC]) })
  },
}

/** A column of a row group that is being filled. */
interface Filling {
  column: OutputColumn
  width: number | undefined
  data: AnswerColumn['data']
  nulls: Uint8Array | undefined
}

class ParquetPartWriter implements PartWriter {
  readonly #file: number
  readonly #part: ParquetPart = { rows: 0, bytes: 0, columns: null, groups: [] }
  #filling: Filling[] = []
  #room = GROUP_ROWS
  #rows = 0
  #open = true

  constructor(path: string) {
    this.#file = openSync(path, 'w')
  }

  write(columns: readonly AnswerColumn[], rows: number): void {
    this.#part.columns ??= columns.map(({ name, type, width }) => ({ name, type, list: width !== undefined }))
    for (let from = 0; from < rows; ) {
      if (this.#filling.length === 0) this.#begin(columns)
      const many = Math.min(rows - from, this.#room - this.#rows)
      for (const [place, column] of columns.entries()) fill(this.#filling[place]!, column, { from, to: this.#rows, many, room: this.#room })
      this.#rows += many
      from += many
      if (this.#rows === this.#room) this.#flush()
    }
  }

  end(): ParquetPart {
    this.#flush()
    fsyncSync(this.#file)
    this[Symbol.dispose]()
    return this.#part
  }

  [Symbol.dispose](): void {
    if (this.#open) closeSync(this.#file)
    this.#open = false
  }

  #begin(columns: readonly AnswerColumn[]): void {
    const values = columns.reduce((sum, { width = 1 }) => sum + width, 0)
    this.#room = Math.max(1, Math.min(GROUP_ROWS, Math.floor(GROUP_VALUES / Math.max(1, values))))
    this.#filling = columns.map(({ name, type, width }) => ({
      column: { name, type, list: width !== undefined },
      width,
      data: type === 'string' ? new Array<string>(this.#room * (width ?? 1)) : allocate(type, this.#room * (width ?? 1)),
      nulls: undefined,
    }))
  }

  #flush(): void {
    const rows = this.#rows
    if (rows === 0) return
    const chunks = this.#filling.map(({ column: { name, type }, width, data, nulls }) => {
      const column: GroupColumn = { name, type, data, nulls, width, rows }
      const { facts, parts } = encodeChunk(column, this.#part.bytes)
      for (const part of parts) writeAll(this.#file, part)
      this.#part.bytes += facts.compressed
      return facts
    })
    this.#part.groups.push({ rows, chunks })
    this.#part.rows += rows
    this.#rows = 0
    for (const filling of this.#filling) filling.nulls?.fill(0)
  }
}

function fill(
  filling: Filling,
  { data, nulls, width = 1 }: AnswerColumn,
  { from, to, many, room }: { from: number; to: number; many: number; room: number },
): void {
  const [start, end, at] = [from * width, (from + many) * width, to * width]
  if (Array.isArray(data)) {
    const texts = filling.data as string[]
    for (let i = start; i < end; i++) texts[at + i - start] = data[i]!
  } else (filling.data as Float64Array).set((data as Float64Array).subarray(start, end), at)
  if (!nulls) return
  filling.nulls ??= new Uint8Array(room * width)
  filling.nulls.set(nulls.subarray(start, end), at)
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
}

function typeOf(type: DataType) {
  return type === 'float16' ? { physical: PHYSICAL.float } : PARQUET_TYPES[type]
}

type Element =
  | { kind: 'root'; columns: number }
  | { kind: 'list'; name: string }
  | { kind: 'inner' }
  | { kind: 'leaf'; name: string; type: DataType; repetition: number }

function elementsOf(columns: readonly OutputColumn[]): Element[] {
  const leaves = columns.flatMap(({ name, type, list }): Element[] =>
    list
      ? [{ kind: 'list', name }, { kind: 'inner' }, { kind: 'leaf', name: 'element', type, repetition: REQUIRED }]
      : [{ kind: 'leaf', name, type, repetition: OPTIONAL }],
  )
  return [{ kind: 'root', columns: columns.length }, ...leaves]
}

function describeElement(thrift: ThriftWriter, element: Element): void {
  if (element.kind === 'root') thrift.text(4, 'schema').i32(5, element.columns)
  else if (element.kind === 'list') {
    thrift.i32(3, REQUIRED).text(4, element.name).i32(5, 1).i32(6, LIST)
    thrift.struct(10, () => thrift.struct(3, () => {}))
  } else if (element.kind === 'inner') thrift.i32(3, REPEATED).text(4, 'list').i32(5, 1)
  else {
    const { physical, converted, logical } = typeOf(element.type) as (typeof PARQUET_TYPES)['int8']
    thrift.i32(1, physical).i32(3, element.repetition).text(4, element.name)
    if (converted !== undefined) thrift.i32(6, converted)
    if (logical) thrift.struct(10, () => logical(thrift))
  }
}

/** Source: parquet.thrift, FileMetaData. */
function footerOf(parts: readonly ParquetPart[], { columns: planned, metadata }: OutputFacts): Buffer {
  const columns = parts.find((part) => part.columns)?.columns ?? [...planned]
  let base = MAGIC.length
  const groups = parts.flatMap((part) => {
    const own = part.groups.map((group) => ({ ...group, base }))
    base += part.bytes
    return own
  })
  const thrift = new ThriftWriter().i32(1, 2)
  thrift.structs(2, elementsOf(columns), (element) => describeElement(thrift, element))
  thrift.i64(
    3,
    groups.reduce((sum, { rows }) => sum + rows, 0),
  )
  thrift.structs(4, groups, (group) => describeGroup(thrift, columns, group))
  thrift.structs(5, Object.entries(metadata), ([key, value]) => void thrift.text(1, key).text(2, value))
  return thrift.text(6, 'Fairlead').end()
}

function describeGroup(thrift: ThriftWriter, columns: readonly OutputColumn[], { rows, chunks, base }: Group & { base: number }): void {
  thrift
    .structs(1, [...chunks.entries()], ([place, facts]) => describeChunk(thrift, columns[place]!, { ...facts, offset: base + facts.offset }))
    .i64(
      2,
      chunks.reduce((sum, { uncompressed }) => sum + uncompressed, 0),
    )
    .i64(3, rows)
}

/** Source: parquet.thrift, ColumnChunk. */
function describeChunk(thrift: ThriftWriter, { name, type, list }: OutputColumn, facts: ChunkFacts): void {
  const { offset, dictionaryBytes } = facts
  thrift.i64(2, offset).struct(3, () => {
    thrift
      .i32(1, typeOf(type).physical)
      .i32s(2, facts.encodings)
      .texts(3, list ? [name, 'list', 'element'] : [name])
      .i32(4, facts.codec)
      .i64(5, facts.values)
      .i64(6, facts.uncompressed)
      .i64(7, facts.compressed)
      .i64(9, offset + dictionaryBytes)
    if (dictionaryBytes > 0) thrift.i64(11, offset)
    thrift.struct(12, () => thrift.i64(3, facts.nulls))
  })
}
