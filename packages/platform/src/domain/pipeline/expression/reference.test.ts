import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import type { ColumnType } from '../columns.ts'
import { FUNCTIONS } from './functions/index.ts'
import { tokenize } from './lexer.ts'
import { evaluateRows, type RowValue } from './testing/frames.ts'

const page = readFileSync(join(import.meta.dirname, '../../../../../../docs/reference/expressions.md'), 'utf8').replaceAll('\\|', '|')
const examples = [...page.matchAll(/`([^`]+)` is `([^`]+)`/g)].map(([, text, answer]) => ({ text: text!, answer: answer! }))

/** As the page writes answers. */
function written(value: RowValue): string {
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'string' ? `'${value}'` : String(Object.is(value, -0) ? 0 : value)
}

test('every example of the reference is answered as it says', () => {
  assert.ok(examples.length > 120)
  for (const { text, answer } of examples) assert.equal(written(evaluateRows(text, {}, [{}])[0]!), answer, text)
})

const TYPES = { number: 'number', text: 'text' } as const
const EXACT = 'integer('

/** Where a literal stands for a column of its type instead: not where it has to be written out, or is a time only because it is written out. */
function withColumn(text: string, index: number): { text: string; type: ColumnType; value: RowValue } | undefined {
  const tokens = tokenize(text)
  const token = tokens[index]!
  if (token.kind !== 'number' && token.kind !== 'text') return undefined
  const next = tokens[index + 1]!.at
  if (token.kind === 'number' && token.whole !== undefined && text.includes(EXACT)) {
    return { text: `${text.slice(0, token.at)} c ${text.slice(next)}`, type: 'integer', value: token.whole }
  }
  return { text: `${text.slice(0, token.at)} c ${text.slice(next)}`, type: TYPES[token.kind], value: token.value }
}

test('the examples have the same answers when their values come from columns of many rows', () => {
  let compared = 0
  for (const { text, answer } of examples) {
    for (const index of tokenize(text).keys()) {
      const instead = withColumn(text, index)
      if (!instead) continue
      const rows = Array.from({ length: 2500 }, (_, i) => ({ c: i % 7 === 3 ? null : instead.value }))
      let values: RowValue[]
      try {
        values = evaluateRows(instead.text, { c: instead.type }, rows)
      } catch (error) {
        assert.ok(error instanceof FairleadError && /written out|written without|one of/.test(error.message), `${instead.text}: ${error}`)
        continue
      }
      assert.equal(written(values[0]!), answer, instead.text)
      assert.equal(written(values[2499]!), answer, instead.text)
      compared++
    }
  }
  assert.ok(compared > 150, String(compared))
})

test('the reference lists the functions that there are', () => {
  const listed = [...page.matchAll(/^\| `([a-z_0-9]+)\(/gm)].map(([, name]) => name!)
  assert.deepEqual([...new Set(listed)].sort(), [...FUNCTIONS.keys(), 'if'].sort())
})
