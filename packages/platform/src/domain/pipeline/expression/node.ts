import { Marks } from './marks.ts'
import { type DataOf, Operand, registerOf, type Tile, type ValueOf, type ValueType } from './operand.ts'

/** What a node is made of, besides what it computes. */
export interface NodeFacts<T extends ValueType> {
  type: T
  /** Number of the register it writes to. */
  slot: number
  operands: readonly Operand[]
  /** Whether it may be null; where it is not told, it may if an operand may. */
  nullable?: boolean
  /** Whether it can fail by itself. */
  fails?: boolean
}

/** What a node's computation may use: where to write and the address of that place, its marks of nulls, and the node itself. */
export interface Workplace<T extends ValueType> {
  readonly out: DataOf[T]
  readonly to: number
  readonly marks: Marks
  readonly made: Operand<T>
}

/** A node whose computation is told whole: it runs its operands and answers the marks of nulls. */
export function node<T extends ValueType>(facts: NodeFacts<T>, compute: (place: Workplace<T>, tile: Tile) => Uint8Array | undefined): Operand<T> {
  const { type, operands } = facts
  const nullable = facts.nullable ?? operands.some((operand) => operand.nullable)
  const fails = facts.fails === true || operands.some((operand) => operand.fails)
  const out = registerOf(type, facts.slot)
  const made = new Operand<T>({ type, nullable, fails, data: out }, (_, tile) => {
    made.nulls = compute(place, tile)
  })
  const place: Workplace<T> = { out, to: made.address, marks: new Marks(), made }
  return made
}

/** A loop over one operand. */
export type Loop<A extends ValueType, R extends ValueType> = (out: DataOf[R], a: DataOf[A], count: number) => void

/** A loop over one operand that marks rows without an answer; says whether there are any. */
export type CheckedLoop<A extends ValueType, R extends ValueType> = (out: DataOf[R], a: DataOf[A], bad: Uint8Array, count: number) => boolean

/** Null where the operand is. */
export function unary<A extends ValueType, R extends ValueType>(type: R, slot: number, a: Operand<A>, loop: Loop<A, R>): Operand<R> {
  return node({ type, slot, operands: [a] }, ({ out }, tile) => {
    a.run(tile)
    loop(out, a.data, tile.count)
    return a.nulls
  })
}

/** Null where the operand is, and where the loop marks it. */
export function checked<A extends ValueType, R extends ValueType>(type: R, slot: number, a: Operand<A>, loop: CheckedLoop<A, R>): Operand<R> {
  return node({ type, slot, operands: [a], nullable: true }, ({ out, marks }, tile) => {
    a.run(tile)
    return loop(out, a.data, marks.clear(tile.count), tile.count) ? marks.also(a.nulls, undefined, tile.count) : a.nulls
  })
}

/** Loops over two operands, of which one may be the same value in every row. */
export interface BinaryLoops<A extends ValueType, R extends ValueType> {
  each(out: DataOf[R], a: DataOf[A], b: DataOf[A], count: number): void
  /** The right one is the same everywhere. */
  right?(out: DataOf[R], a: DataOf[A], b: ValueOf[A], count: number): void
  left?(out: DataOf[R], a: ValueOf[A], b: DataOf[A], count: number): void
}

/** Null where an operand is. */
export function binary<A extends ValueType, R extends ValueType>(
  type: R,
  slot: number,
  [a, b]: [Operand<A>, Operand<A>],
  loops: BinaryLoops<A, R>,
): Operand<R> {
  const facts = { type, slot, operands: [a, b] }
  const { right, left } = loops
  const first = a.constant as ValueOf[A] | null | undefined
  const second = b.constant as ValueOf[A] | null | undefined
  if (right && second !== undefined && second !== null) {
    return node(facts, ({ out }, tile) => {
      a.run(tile)
      right(out, a.data, second, tile.count)
      return a.nulls
    })
  }
  if (left && first !== undefined && first !== null) {
    return node(facts, ({ out }, tile) => {
      b.run(tile)
      left(out, first, b.data, tile.count)
      return b.nulls
    })
  }
  return node(facts, ({ out, marks }, tile) => {
    a.run(tile)
    b.run(tile)
    loops.each(out, a.data, b.data, tile.count)
    return marks.either(a.nulls, b.nulls, tile.count)
  })
}

/** A loop over two operands that marks rows without an answer; says whether there are any. */
export type CheckedBinaryLoop<A extends ValueType, R extends ValueType> = (rows: {
  out: DataOf[R]
  a: DataOf[A]
  b: DataOf[A]
  bad: Uint8Array
  count: number
}) => boolean

/** Null where an operand is, and where the loop marks it. */
export function checkedBinary<A extends ValueType, R extends ValueType>(
  type: R,
  slot: number,
  [a, b]: [Operand<A>, Operand<A>],
  loop: CheckedBinaryLoop<A, R>,
): Operand<R> {
  return node({ type, slot, operands: [a, b], nullable: true }, ({ out, marks }, tile) => {
    a.run(tile)
    b.run(tile)
    const { count } = tile
    const any = loop({ out, a: a.data, b: b.data, bad: marks.clear(count), count })
    return any ? marks.also(a.nulls, b.nulls, count) : marks.either(a.nulls, b.nulls, count)
  })
}

/** An operand that another one has to run before. */
export function following<T extends ValueType>(first: Operand, operand: Operand<T>): Operand<T> {
  return behind(operand, first.fails || operand.fails, (tile) => {
    first.run(tile)
    operand.run(tile)
  })
}

/** An operand that several nodes use: it runs once for a tile. Its register must not be written by those who use it. */
export function shared<T extends ValueType>(operand: Operand<T>): Operand<T> {
  if (operand.constant !== undefined) return operand
  let last: Tile | undefined
  let serial = -1
  return behind(operand, operand.fails, (tile) => {
    if (tile === last && tile.serial === serial) return
    last = tile
    serial = tile.serial
    operand.run(tile)
  })
}

/** An operand with the values of another, which is run in a way of its own. */
function behind<T extends ValueType>(operand: Operand<T>, fails: boolean, run: (tile: Tile) => void): Operand<T> {
  const { type, nullable, constant, whole, data } = operand
  return new Operand<T>({ type, nullable, fails, constant, whole, data }, (made, tile) => {
    run(tile)
    made.take(operand.data, operand.address)
    made.nulls = operand.nulls
  })
}
