import type { InputColumn } from '@fairlead/contract'
import { allocate, floatLimit, type ReleasePlan, type RowLayout, type Tensor, type TensorData, type Tensors } from '../../../domain/inference/index.ts'
import { ByName } from '../../../kernel/by-name.ts'
import { ByteReader, NOT_KNOWN } from './byte-reader.ts'
import { NumberRows } from './number-rows.ts'
import { CLOSE, CLOSE_LIST, COLON, COMMA, OPEN, OPEN_LIST } from './punctuation.ts'

const ROWS = Buffer.from('"rows"')
const MISSES = 4
const UNREAD = 31

interface KnownColumn {
  name: string
  /** The column's key as it stands in JSON. */
  key: Buffer
  /** Place of its tensor among all. */
  tensor: number
  width: number
  offset: number
  set: RowLayout['columns'][number]['set']
  /** Whether a number must have every digit. */
  exact: boolean
  /** What is below it in size can be put into the tensor as it is; 0 where that cannot be said. */
  limit: number
}

/**
 * Reads bodies of the plainest form for one release: `{"rows": […]}` and nothing besides, every row with all columns, each a number,
 * a text or a truth value, in the order in which callers send them.
 */
export class KnownRows {
  readonly #layouts: RowLayout[]
  #columns: KnownColumn[]
  readonly #maxRows: number
  /** Reads rows of one tensor of plain numbers; absent for others. */
  #numbers: NumberRows | undefined
  /** Bodies in a row that were of another form, and how many come unread before the next try. */
  #misses = 0
  #unread = 0

  constructor({ rows, release }: Pick<ReleasePlan, 'rows' | 'release'>) {
    this.#layouts = rows.layouts.every(({ array }) => !array) ? rows.layouts : []
    this.#columns = this.#layouts.flatMap(({ type, width, columns }, tensor) =>
      columns.map(({ column, set, offset }) => ({
        name: column.name,
        key: keyOf(column),
        tensor,
        width,
        offset,
        set,
        exact: !column.type.startsWith('float'),
        // half floats are kept as their bits
        limit: type === 'float16' ? 0 : plainLimit(column),
      })),
    )
    this.#maxRows = release.settings.maxRows
    this.#numbers = this.#numberRows()
  }

  /** The model's tensors and the number of rows; `undefined` for every body of another form, right or wrong. */
  read(body: Buffer): { inputs: Tensors; rows: number } | undefined {
    if (this.#columns.length === 0) return undefined
    // callers who send another form go on with it; one try in a few costs them little
    if (this.#unread > 0) {
      this.#unread--
      return undefined
    }
    const found = this.#read(body)
    this.#misses = found ? 0 : this.#misses + 1
    if (this.#misses >= MISSES) this.#unread = UNREAD
    return found
  }

  #read(body: Buffer): { inputs: Tensors; rows: number } | undefined {
    const reader = new ByteReader(body)
    if (!(reader.takes(OPEN) && reader.takesWord(ROWS) && reader.takes(COLON) && reader.takes(OPEN_LIST))) return undefined
    let room = 1
    let rows = 0
    let data = this.#layouts.map(({ type, width }) => allocate(type, width))
    do {
      if (rows === this.#maxRows) return undefined
      if (rows === room) {
        // as many as fit into what is left if they are as long as those before
        room = Math.min(this.#maxRows, rows + 1 + Math.ceil(((body.length - reader.at) * rows) / reader.at))
        data = this.#layouts.map((layout, i) => grown(data[i]!, layout, room))
      }
      if (!this.#readRow(reader, data, rows)) return undefined
      rows++
    } while (reader.takes(COMMA))
    if (!(reader.takes(CLOSE_LIST) && reader.takes(CLOSE)) || reader.at !== body.length) return undefined
    const inputs: Tensors = new ByName()
    for (let i = 0; i < data.length; i++) inputs[this.#layouts[i]!.name] = tensorOf(this.#layouts[i]!, data[i]!, rows)
    return { inputs, rows }
  }

  /** Takes over the order of the keys of a row that another reader could read. */
  learn(row: Record<string, unknown>): void {
    const byName = new Map(this.#columns.map((column) => [column.name, column]))
    const columns = Object.keys(row).map((name) => byName.get(name))
    if (columns.length === byName.size && columns.every((column) => column !== undefined)) {
      this.#columns = columns
      this.#numbers = this.#numberRows()
    }
  }

  #numberRows(): NumberRows | undefined {
    const columns = this.#columns
    return this.#layouts.length === 1 && columns.every(({ limit }) => limit > 0) ? new NumberRows(this.#layouts[0]!.width, columns) : undefined
  }

  #readRow(reader: ByteReader, data: TensorData[], row: number): boolean {
    const numbers = this.#numbers
    if (!numbers) return this.#readAnyRow(reader, data, row)
    if (numbers.read(reader, data[0] as Float32Array | Float64Array, row)) return true
    const spans = numbers.curious ? [] : undefined
    const from = reader.at
    if (!this.#readAnyRow(reader, data, row, spans)) return false
    // a value that was written in another way has no span
    if (spans?.length === 2 * this.#columns.length) numbers.learn(reader.bytes, { from, to: reader.at, spans })
    return true
  }

  /** Where `spans` are given they are filled with the beginning and end of each value. */
  #readAnyRow(reader: ByteReader, data: TensorData[], row: number, spans?: number[]): boolean {
    if (!reader.takes(OPEN)) return false
    const columns = this.#columns
    for (let i = 0; i < columns.length; i++) {
      if (i > 0 && !reader.takes(COMMA)) return false
      const { key, tensor, width, offset, set, exact, limit } = columns[i]!
      if (!reader.takesWord(key) || !reader.takes(COLON)) return false
      if (limit > 0) {
        const from = reader.at
        const x = reader.double()
        if (x < limit && x > -limit) {
          ;(data[tensor] as Float64Array)[row * width + offset] = x
          spans?.push(from, reader.ended)
          continue
        }
        reader.at = from
      }
      const value = reader.value()
      if (value === NOT_KNOWN || (exact && typeof value === 'number' && reader.inexact) || set(value, data[tensor]!, row * width + offset)) return false
    }
    return reader.takes(CLOSE)
  }
}

function keyOf({ name }: InputColumn): Buffer {
  return Buffer.from(JSON.stringify(name))
}

function plainLimit({ type, min, max, values }: InputColumn): number {
  return min === undefined && max === undefined && values === undefined ? floatLimit(type) : 0
}

function grown(data: TensorData, { type, width }: RowLayout, rows: number): TensorData {
  const more = allocate(type, rows * width)
  if (Array.isArray(more)) for (let i = 0; i < data.length; i++) more[i] = data[i] as string
  // both were made for the same type
  else (more as Float64Array).set(data as Float64Array)
  return more
}

function tensorOf({ type, inner, width }: RowLayout, data: TensorData, rows: number): Tensor {
  const size = rows * width
  const fitting = data.length === size ? data : Array.isArray(data) ? data.slice(0, size) : data.subarray(0, size)
  return { type, shape: [rows, ...inner], data: fitting }
}
