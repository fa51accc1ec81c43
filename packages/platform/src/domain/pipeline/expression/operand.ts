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

/**
 * A node of a compiled expression. After `run`, `data` and `nulls` hold the values of the tile; what `data` holds where `nulls` is 1 means nothing.
 * All but texts, and the data of constants, lies in the kernels' memory, with room for a whole tile.
 */
export interface Operand<T extends ValueType = ValueType> {
  readonly type: T
  /** Whether it may be null. */
  readonly nullable: boolean
  /** Whether a row can fail, as by a text that becomes too long. */
  readonly fails: boolean
  /** The value of every row where it is known already. `undefined` where it is not. */
  readonly constant?: ValueOf[T] | null
  /** A constant that was written as a whole number goes with whole numbers of 64 bits. */
  readonly whole?: bigint
  data: DataOf[T]
  nulls: Uint8Array | undefined
  run(tile: Tile): void
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

/** The same value in every row; `null` for none. */
export function constant<T extends ValueType>(type: T, value: ValueOf[T] | null, whole?: bigint): Operand<T> {
  let data: DataOf[T] | undefined
  return {
    type,
    nullable: value === null,
    fails: false,
    constant: value,
    ...(whole === undefined ? {} : { whole }),
    // laid out only for loops that know no constants
    get data() {
      data ??= spread(type, value)
      return data
    },
    nulls: value === null ? ALL_ONES : undefined,
    run() {},
  }
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
  const data = type === 'boolean' ? scratchMarks() : type === 'integer' ? scratchIntegers(2) : scratchNumbers(2)
  const filling = type === 'boolean' ? Number(value ?? false) : (value ?? (type === 'integer' ? 0n : 0))
  return {
    type,
    nullable: operand.nullable,
    fails: false,
    constant: value,
    data: data as DataOf[T],
    nulls: operand.nulls,
    run() {
      // others use the place while this expression is not evaluated
      ;(data as Float64Array).fill(filling as number)
    },
  }
}

/** How far the next two values of 64 bits are, in bytes, of an operand that is laid out for kernels. */
export function stepOf(operand: Operand): 0 | 16 {
  return operand.constant === undefined ? 16 : 0
}

/** The address of an operand's values in the kernels' memory. */
export function addressOf(operand: Operand): number {
  return (operand.data as Float64Array).byteOffset
}

/** Below so many rows a loop takes less than a view and a copy. */
const FEW = 24

/** A column of the frame; the same operand serves every mention of it. */
export class ColumnOperand<T extends ValueType = ValueType> implements Operand<T> {
  readonly type: T
  readonly nullable: boolean
  readonly fails = false
  readonly place: number
  data: DataOf[T]
  nulls: Uint8Array | undefined
  readonly #marks: Uint8Array
  #serial = -1

  constructor(type: T, nullable: boolean, place: number) {
    this.type = type
    this.nullable = nullable
    this.place = place
    this.#marks = scratchMarks()
    this.data = (type === 'text' ? [] : type === 'boolean' ? scratchMarks() : type === 'integer' ? scratchIntegers() : scratchNumbers()) as DataOf[T]
  }

  run({ frame, start, count, serial }: Tile): void {
    if (serial === this.#serial) return
    this.#serial = serial
    const column = frame[this.place] as Column
    if (column.type === 'text') this.data = (start === 0 && count === column.data.length ? column.data : column.data.slice(start, start + count)) as DataOf[T]
    else copyIn(this.data as Float64Array, column.data as Float64Array, start, count)
    this.nulls = column.nulls && this.#marks
    if (column.nulls) copyIn(this.#marks, column.nulls, start, count)
  }

  /** Lets go of the frame's data. */
  forget(): void {
    this.#serial = -1
    if (this.type === 'text') this.data = [] as unknown as DataOf[T]
  }
}

/** Copies rows of a column to a register; both are of one type. */
function copyIn<A extends Float64Array | Uint8Array>(to: A, from: A, start: number, count: number): void {
  if (count > FEW) to.set(count === from.length ? from : from.subarray(start, start + count))
  else for (let i = 0; i < count; i++) to[i] = from[start + i]!
}
