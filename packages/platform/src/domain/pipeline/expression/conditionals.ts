import { ALL_ONES, ALL_ZEROS, kernels, TILE_ROWS, truthRegister } from './kernels/memory.ts'
import { LOGIC } from './kernels/nodes.ts'
import { chooseTexts } from './loops/choice.ts'
import { type NodeFacts, node, type Workplace } from './node.ts'
import { laid, type Operand, stepOf, type Tile, type ValueType } from './operand.ts'

/** Runs an operand for the rows where `choice` is `value`: in the others it must not fail. */
function runWhere(operand: Operand, tile: Tile, { choice, value, room }: { choice: Uint8Array; value: 0 | 1; room: Uint8Array }): void {
  const outer = tile.wanted
  for (let i = 0; i < tile.count; i++) room[i] = +(choice[i] === value) & (outer ? outer[i]! : 1)
  tile.wanted = room
  operand.run(tile)
  tile.wanted = outer
}

/** `and` and `or` of SQL. */
export function logical(operator: 'and' | 'or', slot: number, sides: readonly [Operand<'boolean'>, Operand<'boolean'>]): Operand<'boolean'> {
  const [a, b] = [laid(sides[0]), laid(sides[1])]
  const decides = operator === 'and' ? 0 : 1
  const room = b.fails ? new Uint8Array(TILE_ROWS) : undefined
  const decided = new Uint8Array(b.fails ? TILE_ROWS : 0)
  return node({ type: 'boolean', slot, operands: [a, b] }, ({ to, marks }, tile) => {
    const { count } = tile
    a.run(tile)
    if (room) {
      // a null on the left does not decide
      for (let i = 0; i < count; i++) decided[i] = +(a.data[i] === decides) & ~(a.nulls?.[i] ?? 0) & 1
      runWhere(b, tile, { choice: decided, value: 0, room })
    } else b.run(tile)
    const [x, y] = [a.address, b.address]
    if (!a.nulls && !b.nulls) {
      kernels.logic(decides, to, x, y, count)
      return undefined
    }
    const [xNulls, yNulls] = [a.nulls ?? ALL_ZEROS, b.nulls ?? ALL_ZEROS]
    kernels.logicWithNulls(decides, to, marks.address, x, xNulls.byteOffset, y, yNulls.byteOffset, count)
    return marks.own
  })
}

/** Values from `a` where `choice` is 1, and from `b` where it is 0. */
function choosing<T extends ValueType>(type: T, { a, b }: { a: Operand<T>; b: Operand<T> }): (place: Workplace<T>, choice: Uint8Array, count: number) => void {
  if (type === 'text') {
    return ({ out }, choice, count) => chooseTexts({ out: out as string[], choice, a: a.data as string[], b: b.data as string[], count })
  }
  if (type === 'boolean') {
    return ({ to }, choice, count) => void kernels.chooseBytes(to, choice.byteOffset, a.address, b.address, count)
  }
  const [aStep, bStep] = [stepOf(a), stepOf(b)]
  return ({ to }, choice, count) => void kernels.choose(to, choice.byteOffset, a.address, aStep, b.address, bStep, count)
}

/** An operand as `choosing` reads it. */
function readable<T extends ValueType>(operand: Operand<T>): Operand<T> {
  return operand.type === 'text' ? operand : (laid(operand as Operand<'number'>) as Operand<ValueType> as Operand<T>)
}

/** What `choose` chooses by and between. `no` is computed before `yes`, so its slot comes first. */
export interface Choice<T extends ValueType> {
  condition: Operand<'boolean'>
  yes: Operand<T>
  no: Operand<T>
}

/** `yes` where the condition is true, `no` where it is false or null. */
export function choose<T extends ValueType>({ slot, choiceSlot }: { slot: number; choiceSlot: number }, sides: Choice<T>): Operand<T> {
  const [condition, yes, no] = [laid(sides.condition), readable(sides.yes), readable(sides.no)]
  const { type } = yes
  const write = choosing(type, { a: yes, b: no })
  const room = yes.fails || no.fails ? new Uint8Array(TILE_ROWS) : undefined
  const own = truthRegister(choiceSlot)
  return node({ type, slot, operands: [yes, no], fails: condition.fails }, (place, tile) => {
    const { count } = tile
    const { marks } = place
    condition.run(tile)
    let choice = condition.data
    if (condition.nulls) {
      kernels.logic(LOGIC.without, own.byteOffset, choice.byteOffset, condition.nulls.byteOffset, count)
      choice = own
    }
    if (room) {
      runWhere(no, tile, { choice, value: 0, room })
      runWhere(yes, tile, { choice, value: 1, room })
    } else {
      no.run(tile)
      yes.run(tile)
    }
    const nulls = yes.nulls || no.nulls ? marks.own : undefined
    if (nulls) {
      const [yesNulls, noNulls] = [yes.nulls ?? ALL_ZEROS, no.nulls ?? ALL_ZEROS]
      kernels.chooseBytes(nulls.byteOffset, choice.byteOffset, yesNulls.byteOffset, noNulls.byteOffset, count)
    }
    write(place, choice, count)
    return nulls
  })
}

/** The first that is not null. */
export function firstOf<T extends ValueType>(slot: number, sides: readonly [Operand<T>, Operand<T>]): Operand<T> {
  if (sides[0].constant !== undefined && sides[0].constant !== null) return sides[0]
  const [a, b] = [readable(sides[0]), readable(sides[1])]
  const write = choosing(a.type, { a: b, b: a })
  const room = b.fails ? new Uint8Array(TILE_ROWS) : undefined
  const facts: NodeFacts<T> = { type: a.type, slot, operands: [a, b], nullable: a.nullable && b.nullable }
  return node(facts, (place, tile) => {
    const { count } = tile
    const { out, to, marks, made } = place
    a.run(tile)
    if (!a.nulls) {
      made.take(a.data, a.address)
      return undefined
    }
    if (room) runWhere(b, tile, { choice: a.nulls, value: 1, room })
    else b.run(tile)
    made.take(out, to)
    const own = b.nulls ? marks.own : undefined
    if (own) kernels.logic(LOGIC.and, own.byteOffset, a.nulls.byteOffset, b.nulls!.byteOffset, count)
    write(place, a.nulls, count)
    return own
  })
}

/** `a`, and null where `same` is true. */
export function nullWhere<T extends ValueType>(slot: number, a: Operand<T>, same: Operand<'boolean'>): Operand<T> {
  const equal = laid(same)
  return node({ type: a.type, slot, operands: [a, equal], nullable: true }, ({ out, to, marks, made }, tile) => {
    const { count } = tile
    a.run(tile)
    equal.run(tile)
    made.take(a.data, a.address)
    if (a.constant !== undefined) {
      made.take(out, to)
      for (let i = 0; i < count; i++) out[i] = a.data[i]!
    }
    kernels.logic(LOGIC.without, marks.address, equal.address, (equal.nulls ?? ALL_ZEROS).byteOffset, count)
    return marks.also(a.nulls, undefined, count)
  })
}

/** Whether it is null, or with `negated` whether it is not. */
export function isNull(slot: number, operand: Operand, negated: boolean): Operand<'boolean'> {
  const flip = negated ? ALL_ONES : ALL_ZEROS
  return node({ type: 'boolean', slot, operands: [operand], nullable: false }, ({ to }, tile) => {
    operand.run(tile)
    const nulls = operand.nulls ?? ALL_ZEROS
    kernels.logic(LOGIC.differs, to, nulls.byteOffset, flip.byteOffset, tile.count)
    return undefined
  })
}
