import type { Column, ColumnType, Frame } from '../columns.ts'

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

/** Rows that are computed together: few enough for what lies between two steps to stay in the nearest cache. */
export const TILE_ROWS = 1024

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

/** A node of a compiled expression. After `run`, `data` and `nulls` hold the values of the tile; what `data` holds where `nulls` is 1 means nothing. */
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

const numbers: Float64Array[] = []
const integers: BigInt64Array[] = []
const truths: Uint8Array[] = []
const texts: string[][] = []

/*
 * Registers of one type by number, shared by all expressions of a thread: an evaluation neither waits nor calls another, and what it answers is
 * copied out. A node writes where its first operand lies, so few are in use.
 */

export function numberRegister(slot: number): Float64Array {
  numbers[slot] ??= new Float64Array(TILE_ROWS)
  return numbers[slot]
}

export function integerRegister(slot: number): BigInt64Array {
  integers[slot] ??= new BigInt64Array(TILE_ROWS)
  return integers[slot]
}

export function truthRegister(slot: number): Uint8Array {
  truths[slot] ??= new Uint8Array(TILE_ROWS)
  return truths[slot]
}

export function textRegister(slot: number): string[] {
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

const ALL_NULL = new Uint8Array(TILE_ROWS).fill(1)

/** The same value in every row; `null` for none. */
export function constant<T extends ValueType>(type: T, value: ValueOf[T] | null, whole?: bigint): Operand<T> {
  let data: DataOf[T] | undefined
  return {
    type,
    nullable: value === null,
    fails: false,
    constant: value,
    ...(whole === undefined ? {} : { whole }),
    // laid out only for what has no loop of its own for constants
    get data() {
      data ??= spread(type, value)
      return data
    },
    nulls: value === null ? ALL_NULL : undefined,
    run() {},
  }
}

function spread<T extends ValueType>(type: T, value: ValueOf[T] | null): DataOf[T] {
  if (type === 'text') return new Array<string>(TILE_ROWS).fill((value ?? '') as string) as DataOf[T]
  if (type === 'integer') return new BigInt64Array(TILE_ROWS).fill((value ?? 0n) as bigint) as DataOf[T]
  if (type === 'boolean') return new Uint8Array(TILE_ROWS).fill(value === true ? 1 : 0) as DataOf[T]
  return new Float64Array(TILE_ROWS).fill((value ?? 0) as number) as DataOf[T]
}

/** A column of the frame; the same operand serves every mention of it. */
export class ColumnOperand<T extends ValueType = ValueType> implements Operand<T> {
  readonly type: T
  readonly nullable: boolean
  readonly fails = false
  readonly place: number
  data: DataOf[T]
  nulls: Uint8Array | undefined
  #serial = -1

  constructor(type: T, nullable: boolean, place: number) {
    this.type = type
    this.nullable = nullable
    this.place = place
    this.data = emptyOf(type)
  }

  run({ frame, start, count, serial }: Tile): void {
    if (serial === this.#serial) return
    this.#serial = serial
    const column = frame[this.place] as Column
    const data = column.data as DataOf[T]
    if (start === 0 && count === data.length) {
      this.data = data
      this.nulls = column.nulls
      return
    }
    const end = start + count
    this.data = (Array.isArray(data) ? data.slice(start, end) : (data as Float64Array).subarray(start, end)) as DataOf[T]
    this.nulls = column.nulls?.subarray(start, end)
  }

  /** Lets go of the frame's data. */
  forget(): void {
    this.#serial = -1
    this.data = emptyOf(this.type)
    this.nulls = undefined
  }
}

function emptyOf<T extends ValueType>(type: T): DataOf[T] {
  if (type === 'text') return [] as unknown as DataOf[T]
  if (type === 'boolean') return new Uint8Array(0) as DataOf[T]
  return (type === 'integer' ? new BigInt64Array(0) : new Float64Array(0)) as DataOf[T]
}
