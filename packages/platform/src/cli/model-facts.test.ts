import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RuntimeChoice } from '@fairlead/contract/control'
import { noteOf, printChecks, printWays, readingWords, treeWords } from './model-facts.ts'
import { capturedOutput } from './testing/captured-output.ts'

const measured = [
  { rows: 1, micros: 27 },
  { rows: 512, micros: 1173 },
]
const choice: RuntimeChoice = {
  chosen: 'compiled',
  reason: 'It is faster.',
  ways: [
    { runtime: 'onnx', measured },
    { runtime: 'compiled', measured: [{ rows: 1, micros: 1.25 }] },
  ],
  agreement: { agree: true, rows: 512, largestDifference: 1e-8 },
}

test('the ways are shown side by side, with why one was chosen', () => {
  const shown = capturedOutput((output) => printWays(output, choice))
  assert.match(shown, /ONNX Runtime +27 µs +2\.3 µs +the reference/)
  assert.match(shown, /compiled \(chosen\) +1\.3 µs +1\.3 µs +equal on 512 rows/)
  assert.match(shown, /It is faster\./)
  assert.equal(
    capturedOutput((output) => printWays(output, undefined)),
    '',
  )
})

test('a way that cannot run a model, or answers otherwise, says so', () => {
  const unable: RuntimeChoice = {
    chosen: 'onnx',
    reason: 'r',
    ways: [
      { runtime: 'onnx', measured: [] },
      { runtime: 'compiled', problem: 'node Conv', measured: [] },
    ],
  }
  assert.match(
    capturedOutput((output) => printWays(output, unable)),
    /compiled +– +– +cannot run it/,
  )
  const apart: RuntimeChoice = { ...choice, chosen: 'onnx', agreement: { agree: false, rows: 9, largestDifference: 1, detail: 'row 3' } }
  assert.match(
    capturedOutput((output) => printWays(output, apart)),
    /compiled .* differ: row 3/,
  )
})

test('what was stated and what trees are made of are put in words', () => {
  assert.equal(readingWords({ reading: { as: 'classifier', classes: ['a', 'b'] } }), 'as=classifier, classes=["a","b"]')
  const trees = { trees: 20, nodes: 568, leaves: 294, depth: 4, outputs: 1 }
  const importance = { by: 'gain' as const, columns: [{ name: 'x4', value: 3 }] }
  assert.equal(treeWords({ trees, importance }), '20 trees of at most 4 splits one below the other, 294 leaves; most by x4')
  assert.equal(treeWords({}), '')
})

test('what an import looked at is a line for each', () => {
  const apart = { name: 'determinism', ok: false, detail: 'Other answers.' } as const
  const shown = capturedOutput((output) => printChecks(output, [apart, { name: 'golden', ok: true, detail: '2 golden rows' }]))
  assert.match(shown, /determinism +note +Other answers\.\n/)
  assert.match(shown, /golden +ok +2 golden rows/)
  assert.equal(noteOf(apart), 'determinism: Other answers.')
  assert.equal(
    capturedOutput((output) => printChecks(output, [])),
    '',
  )
})
