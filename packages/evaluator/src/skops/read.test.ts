import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { checkForm } from '../form/check/index.ts'
import type { Elements } from '../form/element.ts'
import { type Form, type Input, NO_TEXT } from '../form/form.ts'
import { bothWays } from '../testing/both.ts'
import { UnreadableModel } from '../unreadable.ts'
import { readSkops } from './read.ts'

type Cell = string | number | boolean
type Column = readonly (Cell | readonly Cell[])[]

interface Case {
  readonly name: string
  readonly columns: readonly string[] | null
  readonly rows: readonly (readonly Cell[])[]
  readonly expected: Readonly<Record<string, Column>>
  readonly refused?: string
}

const TESTDATA = join(import.meta.dirname, 'testdata')
const casesOf = (name: string) => (JSON.parse(readFileSync(join(TESTDATA, name), 'utf8')) as { cases: readonly Case[] }).cases
const cases = [...casesOf('expected.json'), ...casesOf('fixtures.json'), ...casesOf('old.json')]
const read = (name: string) => readSkops(new Uint8Array(readFileSync(join(TESTDATA, `${name}.skops`))))

describe('answers of scikit-learn', () => {
  for (const one of cases.filter(({ refused }) => refused === undefined)) {
    test(one.name, () => {
      const form = read(one.name)
      checkForm(form)
      const answers = bothWays(form)(
        form.inputs.map((input) => take(form, input, one)),
        one.rows.length,
      )
      for (const [output, expected] of Object.entries(one.expected)) compare(output, given(form, output, answers.get(output)), expected.flat())
    })
  }
})

describe('what is not understood', () => {
  for (const { name, refused } of cases) {
    if (refused === undefined) continue
    test(name, () => {
      assert.throws(
        () => read(name),
        (error) => error instanceof UnreadableModel && error.reason === 'unsupported' && error.message.includes(refused),
      )
    })
  }
})

/** An input's elements, from rows as the table has them. */
function take(form: Form, input: Input, { columns, rows }: Case): Float64Array | Int32Array {
  const own = columns === null ? -1 : columns.indexOf(input.name)
  if (input.type === 'text') return Int32Array.from(rows, (row) => (row[own] === 'NaN' ? NO_TEXT : form.texts.indexOf(String(row[own]))))
  const at = own >= 0 ? [own] : Array.from({ length: input.width }, (_, i) => i)
  return Float64Array.from(rows.flatMap((row) => at.map((i) => Number(row[i]))))
}

/** An output's elements as the library gives them: texts and bools as such. */
function given(form: Form, name: string, data: Elements | undefined): Cell[] {
  const output = form.outputs.find((one) => one.name === name)
  const step = form.steps[(output?.value ?? 0) - form.inputs.length]
  return Array.from<number | bigint, Cell>(data ?? [], (x) => {
    if (step?.op === 'choose' && step.to === 'text') return form.texts[Number(x)] as string
    return step?.op === 'cast' && step.to === 'bool' ? Number(x) === 1 : Number(x)
  })
}

function compare(where: string, given: readonly Cell[], expected: readonly Cell[]): void {
  assert.equal(given.length, expected.length, where)
  for (const [i, want] of expected.entries()) {
    const have = given[i] as Cell
    if (typeof want === 'number' && typeof have === 'number') {
      const off = Math.abs(have - want)
      assert.ok(off <= 1e-12 + 1e-12 * Math.abs(want), `${where}[${i}]: ${have} for ${want}`)
    } else assert.equal(Number.isNaN(have) ? 'NaN' : have, want, `${where}[${i}]`)
  }
}
