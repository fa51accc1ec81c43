import { Marks } from '../marks.ts'
import { type NodeFacts, node } from '../node.ts'
import type { DataOf, Operand, Tile, ValueType } from '../operand.ts'

/** What a function's loop computes: `nulls` are those of the arguments, whose rows need no answer. `bad` makes further nulls. */
export interface Rows<R extends ValueType> {
  out: DataOf[R]
  nulls: Uint8Array | undefined
  tile: Tile
  count: number
  /** Marks a row as one without an answer. */
  bad(row: number): void
}

/** A function of any number of arguments, null where one of them is and where the loop says so. */
export function strict<R extends ValueType>(facts: NodeFacts<R>, loop: (rows: Rows<R>) => void): Operand<R> {
  const { operands } = facts
  const bad = new Marks()
  return node(facts, ({ out, marks }, tile) => {
    const { count } = tile
    let nulls: Uint8Array | undefined
    for (const operand of operands) operand.run(tile)
    for (const operand of operands) nulls = marks.either(nulls, operand.nulls, count)
    let found: Uint8Array | undefined
    loop({
      out,
      nulls,
      tile,
      count,
      bad(row) {
        found ??= bad.clear(count)
        found[row] = 1
      },
    })
    return found ? bad.also(nulls, undefined, count) : nulls
  })
}
