import { CHOOSE, chooseTruths } from './loops/choice.ts'
import { and, andWithNulls, or, orWithNulls, truth } from './loops/logic.ts'
import { type NodeFacts, node } from './node.ts'
import { type Operand, TILE_ROWS, type Tile, truthRegister, type ValueType } from './operand.ts'

const NO_NULLS = new Uint8Array(TILE_ROWS)

/** Runs an operand for the rows where `choice` is `value`: in the others it must not fail. */
function runWhere(operand: Operand, tile: Tile, { choice, value, room }: { choice: Uint8Array; value: 0 | 1; room: Uint8Array }): void {
  const outer = tile.wanted
  for (let i = 0; i < tile.count; i++) room[i] = +(choice[i] === value) & (outer ? outer[i]! : 1)
  tile.wanted = room
  operand.run(tile)
  tile.wanted = outer
}

/** `and` and `or` of SQL. */
export function logical(operator: 'and' | 'or', slot: number, [a, b]: readonly [Operand<'boolean'>, Operand<'boolean'>]): Operand<'boolean'> {
  const [plain, withNulls] = operator === 'and' ? [and, andWithNulls] : [or, orWithNulls]
  const decided = operator === 'and' ? 0 : 1
  const room = b.fails ? new Uint8Array(TILE_ROWS) : undefined
  const decisive = b.fails ? new Uint8Array(TILE_ROWS) : undefined
  return node({ type: 'boolean', slot, operands: [a, b] }, ({ out, marks }, tile) => {
    const { count } = tile
    a.run(tile)
    if (room && decisive) {
      // a null on the left does not decide
      for (let i = 0; i < count; i++) decisive[i] = +(a.data[i] === decided) & ~(a.nulls?.[i] ?? 0) & 1
      runWhere(b, tile, { choice: decisive, value: 0, room })
    } else b.run(tile)
    if (!a.nulls && !b.nulls) {
      plain(out, a.data, b.data, count)
      return undefined
    }
    const own = marks.own()
    withNulls({ out, a: a.data, b: b.data, aNulls: a.nulls, bNulls: b.nulls, marks: own, count })
    return own
  })
}

/** What `choose` chooses by and between. `no` is computed before `yes`, so its slot comes first. */
export interface Choice<T extends ValueType> {
  condition: Operand<'boolean'>
  yes: Operand<T>
  no: Operand<T>
}

/** `yes` where the condition is true, `no` where it is false or null. */
export function choose<T extends ValueType>({ slot, choiceSlot }: { slot: number; choiceSlot: number }, { condition, yes, no }: Choice<T>): Operand<T> {
  const { type } = yes
  const loop = CHOOSE[type]
  const room = yes.fails || no.fails ? new Uint8Array(TILE_ROWS) : undefined
  const own = truthRegister(choiceSlot)
  return node({ type, slot, operands: [yes, no], fails: condition.fails }, ({ out, marks }, tile) => {
    const { count } = tile
    condition.run(tile)
    const choice = truth(own, condition.data, condition.nulls, count)
    if (room) {
      runWhere(no, tile, { choice, value: 0, room })
      runWhere(yes, tile, { choice, value: 1, room })
    } else {
      no.run(tile)
      yes.run(tile)
    }
    const nulls = yes.nulls || no.nulls ? marks.own() : undefined
    if (nulls) chooseTruths({ out: nulls, choice, a: yes.nulls ?? NO_NULLS, b: no.nulls ?? NO_NULLS, count })
    loop({ out, choice, a: yes.data, b: no.data, count })
    return nulls
  })
}

/** The first that is not null. */
export function firstOf<T extends ValueType>(slot: number, [a, b]: readonly [Operand<T>, Operand<T>]): Operand<T> {
  const loop = CHOOSE[a.type]
  const room = b.fails ? new Uint8Array(TILE_ROWS) : undefined
  const facts: NodeFacts<T> = { type: a.type, slot, operands: [a, b] }
  const made = node(facts, ({ out, marks }, tile) => {
    const { count } = tile
    a.run(tile)
    if (!a.nulls) {
      made.data = a.data
      return undefined
    }
    if (room) runWhere(b, tile, { choice: a.nulls, value: 1, room })
    else b.run(tile)
    made.data = out
    const own = b.nulls ? marks.own() : undefined
    if (own) and(own, a.nulls, b.nulls!, count)
    loop({ out, choice: a.nulls, a: b.data, b: a.data, count })
    return own
  })
  return Object.assign(made, { nullable: a.nullable && b.nullable })
}

/** `a`, and null where `same` is true. */
export function nullWhere<T extends ValueType>(slot: number, a: Operand<T>, same: Operand<'boolean'>): Operand<T> {
  const made: Operand<T> = node({ type: a.type, slot, operands: [a, same], nullable: true }, ({ marks }, tile) => {
    const { count } = tile
    a.run(tile)
    same.run(tile)
    made.data = a.data
    const own = marks.own()
    const equal = truth(own, same.data, same.nulls, count)
    if (a.nulls) or(own, equal, a.nulls, count)
    else if (equal !== own) for (let i = 0; i < count; i++) own[i] = equal[i]!
    return own
  })
  return made
}

/** Whether it is null, or with `negated` whether it is not. */
export function isNull(slot: number, operand: Operand, negated: boolean): Operand<'boolean'> {
  const made = node({ type: 'boolean', slot, operands: [operand] }, ({ out }, tile) => {
    operand.run(tile)
    const { nulls } = operand
    const flip = negated ? 1 : 0
    if (nulls) for (let i = 0; i < tile.count; i++) out[i] = nulls[i]! ^ flip
    else out.fill(flip, 0, tile.count)
    return undefined
  })
  return Object.assign(made, { nullable: false })
}
