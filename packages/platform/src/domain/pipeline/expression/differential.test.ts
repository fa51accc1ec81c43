import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import type { Frame } from '../columns.ts'
import { compileColumns } from './compile-columns.ts'
import { parseExpression } from './parser.ts'
import { columnOf, type RowValue, specsOf, valuesOf } from './testing/frames.ts'
import { Oracle } from './testing/oracle.ts'
import type { OracleValue } from './testing/oracle-values.ts'
import { COLUMNS, Draw } from './testing/random-expressions.ts'

const KINDS = ['number', 'integer', 'text', 'boolean', 'time'] as const

function same(a: RowValue, b: OracleValue): boolean {
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime()
  // a literal alone is a number for the compiler and has no type yet for the oracle
  if (typeof a === 'number' && typeof b === 'bigint') return a === Number(b)
  return a === b || (Number.isNaN(a) && Number.isNaN(b))
}

/** Rows enough for several tiles, the last one not full. */
const ROWS = 2100

test('random expressions over random columns answer as the walk over the tree does, row by row', () => {
  for (let seed = 1; seed <= 250; seed++) {
    const draw = new Draw(seed)
    const rows = seed % 4 === 0 ? ROWS : 1 + (seed % 50)
    const values = Object.fromEntries(
      Object.entries(COLUMNS).map(([name, type]) => [name, draw.values(type as 'number', rows, (seed + name.charCodeAt(0)) % 3 === 0)]),
    )
    const frame: Frame = Object.entries(COLUMNS).map(([name, type]) => columnOf(type, values[name]!))
    const text = draw.expression(KINDS[seed % KINDS.length]!, 1 + (seed % 5))
    if (text === 'null') continue
    const compiled = compileColumns(text, specsOf(COLUMNS))
    const column = compiled.evaluate(frame, rows)
    assert.equal(column.type, compiled.type)
    assert.ok(compiled.nullable || !column.nulls, text)
    const parsed = parseExpression(text)
    for (const [row, answer] of valuesOf(column).entries()) {
      // oxlint-disable-next-line no-loop-func -- called at once
      const one = Object.fromEntries(Object.keys(COLUMNS).map((name) => [name, values[name]![row] ?? null]))
      const { value } = new Oracle(COLUMNS, one).evaluate(parsed)
      assert.ok(same(answer, value), `seed ${seed}, row ${row}: ${text}\n${inspect(one)}\n${String(answer)} is not ${String(value)}`)
    }
  }
})
