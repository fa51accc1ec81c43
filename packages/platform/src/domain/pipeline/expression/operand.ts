import type { Column, ColumnType, Frame } from '../columns.ts'
import { ALL_ONES, integerRegister, numberRegister, scratchIntegers, scratchMarks, scratchNumbers, TILE_ROWS, truthRegister } from './kernels/memory.ts'

/** Types that expressions compute with: all but arrays. */
export type ValueType = Exclude<ColumnType, 'vector'>

/** One value of each type. Times are milliseconds since 1970. */
export interface ValueOf {
  number: number
  integer: bigint
  text: string
  boolean: boolean
  time: number
}

/** Where the values of a tile lie, by type. Of truth values 1 is true. */
export interface DataOf {
  number: Float64Array
  integer: BigInt64Array
  text: string[]
  boolean: Uint8Array
  time: Float64Array
}

/** The rows under way. One is made for each evaluation. */
export class Tile {
  readonly frame: Frame
  start = 0
  count = 0
  /** Goes up with every tile, so that what is used twice is computed once. */
  serial = 0
  /** 1 for the rows whose values are wanted; absent where all are. Only what can fail looks at it. */
  wanted: Uint8Array | undefined
  /** Characters of the texts made so far. */
  characters = 0

  constructor(frame: Frame) {
    this.frame = frame
  }
}

/** What is known of a node before it runs. */
export interface OperandFacts<T extends ValueType> {
  type: T
  /** Whether it may be null. */
  nullable: boolean
  /** Whether a row can fail, as by a text that becomes too long. */
  fails: boolean
  /** The value of every row where it is known already. `undefined` where it is not. */
  constant?: ValueOf[T] | null | undefined
  /** A constant that was written as a whole number goes with whole numbers of 64 bits. */
  whole?: bigint | undefined
  data: DataOf[T]
  nulls?: Uint8Array | undefined
}

/**
 * A node of a compiled expression. After `run`, `data` and `nulls` hold the values of the tile; what `data` holds where `nulls` is 1 means nothing.
 * All but texts, and the data of constants, lies in the kernels' memory, with room for a whole tile. All nodes are of this one class, since what reads
 * them has to be as quick for one row.
 */
export class Operand<T extends ValueType = ValueType> {
  readonly type: T
  readonly nullable: boolean
  readonly fails: boolean
  readonly constant: ValueOf[T] | null | undefined
  readonly whole: bigint | undefined
  data: DataOf[T]
  /** Address of `data` in the kernels' memory; of what does not lie there it means nothing. */
  address: number
  nulls: Uint8Array | undefined
  readonly run: (tile: Tile) => void

  constructor({ type, nullable, fails, constant: value, whole, data, nulls }: OperandFacts<T>, run: (made: Operand<T>, tile: Tile) => void) {
    this.type = type
    this.nullable = nullable
    this.fails = fails
    this.constant = value
    this.whole = whole
    this.data = data
    this.address = addressIn(data)
    this.nulls = nulls
    this.run = (tile) => run(this, tile)
  }

  /** Takes the values of another for its own. */
  take(data: DataOf[T], address: number): void {
    this.data = data
    this.address = address
  }
}

function addressIn(data: DataOf[ValueType]): number {
  return Array.isArray(data) ? 0 : data.byteOffset
}

const texts: string[][] = []

function textRegister(slot: number): string[] {
  texts[slot] ??= new Array<string>(TILE_ROWS).fill('')
  return texts[slot]
}

/** Lets go of the texts in registers, which may be large. */
export function forgetTexts(rows: number): void {
  const end = Math.min(rows, TILE_ROWS)
  for (const register of texts) register?.fill('', 0, end)
}

export function registerOf<T extends ValueType>(type: T, slot: number): DataOf[T] {
  if (type === 'text') return textRegister(slot) as DataOf[T]
  if (type === 'boolean') return truthRegister(slot) as DataOf[T]
  return (type === 'integer' ? integerRegister(slot) : numberRegister(slot)) as DataOf[T]
}

/** The same value in every row; `null` for none. Its data is laid out when it runs, which only those do that have no loop of their own for constants. */
export function constant<T extends ValueType>(type: T, value: ValueOf[T] | null, whole?: bigint): Operand<T> {
  const facts = { type, nullable: value === null, fails: false, constant: value, whole, nulls: value === null ? ALL_ONES : undefined }
  return new Operand<T>({ ...facts, data: [] as unknown as DataOf[T] }, (made) => {
    if (made.data.length === 0) made.data = spread(type, value)
  })
}

function spread<T extends ValueType>(type: T, value: ValueOf[T] | null): DataOf[T] {
  if (type === 'text') return new Array<string>(TILE_ROWS).fill((value ?? '') as string) as DataOf[T]
  if (type === 'integer') return new BigInt64Array(TILE_ROWS).fill((value ?? 0n) as bigint) as DataOf[T]
  if (type === 'boolean') return new Uint8Array(TILE_ROWS).fill(value === true ? 1 : 0) as DataOf[T]
  return new Float64Array(TILE_ROWS).fill((value ?? 0) as number) as DataOf[T]
}

/** An operand as kernels read it: a constant lies in their memory, twice where it has 64 bits and in a whole register where it is a truth value. */
export function laid<T extends Exclude<ValueType, 'text'>>(operand: Operand<T>): Operand<T> {
  const { constant: value, type } = operand
  if (value === undefined) return operand
  const data = (type === 'boolean' ? scratchMarks() : type === 'integer' ? scratchIntegers(2) : scratchNumbers(2)) as DataOf[T]
  const filling = type === 'boolean' ? Number(value ?? false) : (value ?? (type === 'integer' ? 0n : 0))
  const { nullable, nulls } = operand
  return new Operand<T>({ type, nullable, fails: false, constant: value, data, nulls }, (made) => {
    // others use the place while this expression is not evaluated
    ;(made.data as Float64Array).fill(filling as number)
  })
}

/** How far the next two values of 64 bits are, in bytes, of an operand that is laid out for kernels. */
export function stepOf(operand: Operand): 0 | 16 {
  return operand.constant === undefined ? 16 : 0
}

/** Below so many rows a loop takes less than a view and a copy. */
const FEW = 24

/** A column of the frame; the same operand serves every mention of it. */
export interface ColumnOperand {
  readonly place: number
  readonly operand: Operand
  /** Lets go of the frame's data. */
  forget(): void
}

export function columnOperand<T extends ValueType>(type: T, nullable: boolean, place: number): ColumnOperand {
  const marks = scratchMarks()
  const data = (type === 'text' ? [] : type === 'boolean' ? scratchMarks() : type === 'integer' ? scratchIntegers() : scratchNumbers()) as DataOf[T]
  let last = -1
  const operand = new Operand<T>({ type, nullable, fails: false, data }, (made, { frame, start, count, serial }) => {
    if (serial === last) return
    last = serial
    const column = frame[place] as Column
    if (column.type === 'text') made.data = (start === 0 && count === column.data.length ? column.data : column.data.slice(start, start + count)) as DataOf[T]
    else copyIn(data as Float64Array, column.data as Float64Array, start, count)
    made.nulls = column.nulls && marks
    if (column.nulls) copyIn(marks, column.nulls, start, count)
  })
  const forget = (): void => {
    last = -1
    if (type === 'text') operand.data = [] as unknown as DataOf[T]
  }
  return { place, operand: operand as unknown as Operand, forget }
}

/** Copies rows of a column to a register; both are of one type. */
function copyIn<A extends Float64Array | Uint8Array>(to: A, from: A, start: number, count: number): void {
  if (count > FEW) to.set(count === from.length ? from : from.subarray(start, start + count))
  else for (let i = 0; i < count; i++) to[i] = from[start + i]!
}
