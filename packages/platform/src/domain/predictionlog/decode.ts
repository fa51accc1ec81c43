import { type BlockArray, decodePayload } from './block.ts'
import { type LogColumn, OWN_COLUMNS } from './columns.ts'
import { BLOCK_FORMAT, type BlockHead, REQUEST_NUMBERS, type TensorPlace } from './encode.ts'
import type { ColumnSource, Layout } from './layout.ts'

/** Values of one column, an entry a row; null where there is none. `int64` and `uint64` are bigint, lists are arrays. */
export interface LogVector {
  column: LogColumn
  values: ArrayLike<unknown>
}

/** Rows of one deployment's release and one UTC hour, column by column. */
export interface LogTable {
  deployment: string
  release: number
  /** Hours since 1970. */
  hour: number
  rows: number
  vectors: LogVector[]
}

/** Half-precision bits to a number. */
function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

const INTEGER = /^u?int(8|16|32|64)$/

/** The function that turns a stored value into the column's, or undefined when they are the same. */
function converter(source: ColumnSource, stored: TensorPlace['type']): ((value: never) => unknown) | undefined {
  const { column, classes } = source
  if (classes !== undefined) return (value: number | bigint | string) => classes[Number(value)] ?? String(value)
  if (column.type === stored) return stored === 'bool' ? (value: number) => value !== 0 : undefined
  if (stored === 'float16') return column.type === 'string' ? (value: number) => String(float16(value)) : float16
  if (column.type === 'string') return (value: unknown) => String(value)
  if (stored === 'string') return () => null
  if (column.type === 'bool') return (value: number | bigint) => Number(value) !== 0
  if (column.type === 'int64' || column.type === 'uint64') {
    return (value: number | bigint) => (typeof value === 'bigint' ? value : Number.isInteger(value) ? BigInt(value) : null)
  }
  // A whole-number column in a tensor of floats carries NaN where the value is missing.
  if (INTEGER.test(column.type)) return (value: number | bigint) => (Number.isInteger(Number(value)) ? Number(value) : null)
  return (value: number | bigint) => Number(value)
}

interface Block {
  head: BlockHead
  layout: Layout
  arrays: BlockArray[]
}

function columnValues(block: Block, source: ColumnSource): ArrayLike<unknown> {
  const { rows } = block.head
  if (source.tensor < 0) return new Array<null>(rows).fill(null)
  const place = block.head.places[source.tensor]!
  const values = (place.texts ?? block.arrays[place.array!]!) as unknown as ArrayLike<never>
  const starts = place.starts === undefined ? undefined : (block.arrays[place.starts] as Uint32Array)
  const nulls = place.nulls === undefined ? undefined : (block.arrays[place.nulls] as Uint8Array)
  const convert = converter(source, place.type)
  const valueAt = (i: number): unknown => (nulls?.[i] ? null : convert ? convert(values[i]!) : values[i])
  const width = rows === 0 ? 0 : values.length / rows
  if (!starts && !source.column.list && width === 1 && !convert && !nulls) return values
  const at = Math.max(0, source.index)
  const result = new Array<unknown>(rows)
  for (let r = 0; r < rows; r++) {
    const start = starts ? starts[r]! : r * width
    const end = starts ? starts[r + 1]! : start + width
    if (source.column.list) result[r] = Array.from({ length: end - start }, (_, i) => valueAt(start + i))
    else result[r] = start + at < end ? valueAt(start + at) : null
  }
  return result
}

/** The log's own columns of a block, in the order of `OWN_COLUMNS`. */
function ownValues(block: Block): ArrayLike<unknown>[] {
  const { head, arrays } = block
  const counts = arrays[0] as Uint32Array
  const numbers = arrays[1] as Float64Array
  const columns: unknown[][] = OWN_COLUMNS.map(() => [])
  for (let i = 0; i < counts.length; i++) {
    const n = i * REQUEST_NUMBERS
    const ids = head.ids?.[i]
    for (let r = 0; r < counts[i]!; r++) {
      const id = ids?.[r] ?? `${head.requests[i]!}/${r}`
      const names = [id, head.requests[i], r, numbers[n], head.release, head.digest, head.model, 'current']
      const rest = [head.interfaces[i], head.callers[i], head.traces?.[i] ?? null, numbers[n + 1], numbers[n + 2], numbers[n + 3], numbers[n + 4]]
      const row = [...names, ...rest]
      for (let c = 0; c < columns.length; c++) columns[c]!.push(row[c])
    }
  }
  return columns
}

/** Opens a payload. Throws when it has another format or is not what `encodeBlock` makes. */
function open(payload: Buffer): Block {
  const { head, arrays } = decodePayload(payload)
  const known = head as unknown as BlockHead
  if (known.format !== BLOCK_FORMAT) throw new Error(`block format ${String(known.format)} is not known`)
  return { head: known, layout: JSON.parse(known.layout) as Layout, arrays }
}

/** Turns a block's payload into flat columns. Throws when the payload is damaged or of a newer format. */
export function decodeBlock(payload: Buffer): LogTable {
  const block = open(payload)
  const own = ownValues(block)
  const vectors: LogVector[] = OWN_COLUMNS.map((column, i) => ({ column, values: own[i]! }))
  for (const source of block.layout.sources) vectors.push({ column: source.column, values: columnValues(block, source) })
  const { deployment, release, hour, rows } = block.head
  return { deployment, release, hour, rows, vectors }
}
