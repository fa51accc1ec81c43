import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Explanation } from '@fairlead/contract'
import { compiledRuntime } from '../../packages/platform/src/adapters/compiled/index.ts'
import type { Background, Tensors } from '../../packages/platform/src/domain/inference/index.ts'
import { FORM_FORMAT } from '../../packages/platform/src/model/compiled/form-format.ts'
import { encodedForm } from '../../packages/platform/src/model/compiled/stored.ts'
import { coded } from '../../packages/platform/src/testing/fake-inference.ts'
import { type CaseTable, caseTable, type ModelCase, modelCases } from './load.ts'
import { caseListing, serveCase, treeInputs } from './serve-cases.ts'

type Link = (margins: readonly number[]) => number[]

const same: Link = (margins) => [...margins]
const logistic: Link = ([margin]) => [1 - 1 / (1 + Math.exp(-margin!)), 1 / (1 + Math.exp(-margin!))]
const softmax: Link = (margins) => {
  const powers = margins.map(Math.exp)
  const sum = powers.reduce((a, b) => a + b, 0)
  return powers.map((power) => power / sum)
}

/** Trees of several libraries, and how their predictions follow from the margins. */
const TREES: Readonly<Record<string, Link>> = {
  'onnx-decision-tree': same,
  'onnx-extra-trees': same,
  'onnx-gradient-boosting': logistic,
  'onnx-gradient-boosting-multi': softmax,
  'onnx-gradient-boosting-regressor': same,
  'onnx-hist-gradient-boosting': logistic,
  'onnx-hist-nan': logistic,
  'onnx-lightgbm-multi': softmax,
  'onnx-lightgbm-regressor': same,
  'onnx-random-forest': same,
  'onnx-random-forest-regressor': same,
  'onnx-table-ordinal-regressor': same,
  'onnx-xgboost-binary': logistic,
  'onnx-xgboost-multi': softmax,
  'onnx-xgboost-regressor': same,
}
const ASKED = 20
const BACKGROUND = 30

function part({ columns }: CaseTable, from: number, rows: number): CaseTable {
  return { rows, columns: new Map([...columns].map(([name, cells]) => [name, cells.slice(from, from + rows)])) }
}

/** The case's model as it is opened where answers are explained. */
async function opened(one: ModelCase) {
  await using served = await serveCase(one, { runtime: 'onnx' })
  const { signature, entry } = served.read
  const bytes = encodedForm('onnx', await caseListing(one).read(entry), { file: entry })
  const table = caseTable(one, 'rows.parquet')
  const asked = treeInputs(served, part(table, 0, ASKED))
  const background: Background = { rows: BACKGROUND, from: 'golden rows', inputs: treeInputs(served, part(table, table.rows - BACKGROUND, BACKGROUND)) }
  const artifact = { format: FORM_FORMAT, bytes, signature }
  const predicted = predictions(await served.session.run(asked), signature.fields.find(({ kind }) => kind !== 'label')!.tensor)
  const open = (rows: { background?: Background }) => compiledRuntime().open({ ...artifact, ...rows })
  return { asked, background, predicted, open, columns: signature.columns }
}

function predictions(outputs: Tensors, name: string): number[][] {
  const data = Array.from(outputs[name]!.data as Float32Array, Number)
  const width = data.length / ASKED
  return Array.from({ length: ASKED }, (_, row) => data.slice(row * width, (row + 1) * width))
}

function checkSums({ outputs }: Explanation, predicted: number[], link: Link): void {
  for (const { margin, bias, contributions } of outputs) {
    const sum = Object.values(contributions).reduce((a, b) => a + b, bias)
    assert.ok(Math.abs(sum - margin) <= 1e-9 * Math.max(1, Math.abs(margin)))
  }
  const got = link(outputs.map(({ margin }) => margin))
  assert.equal(got.length, predicted.length)
  for (const [at, wanted] of predicted.entries())
    assert.ok(Math.abs(got[at]! - wanted) <= 2e-5 * Math.max(1, Math.abs(wanted)), `${got} where ${predicted} is predicted`)
}

describe('contributions of ONNX trees add up to what ONNX Runtime predicts', () => {
  for (const [id, link] of Object.entries(TREES)) {
    test(id, async () => {
      const { asked, background, predicted, open } = await opened(modelCases('onnx').find((one) => one.id === id)!)
      await using session = await open({ background })
      const explanations = await session.explain!(asked)
      assert.equal(explanations.length, ASKED)
      for (const [row, explanation] of explanations.entries()) {
        assert.deepEqual([explanation.method, explanation.background], ['interventional', { rows: BACKGROUND, from: 'golden rows' }])
        checkSums(explanation, predicted[row]!, link)
      }
    })
  }
})

test('a column that is encoded in several is explained as one, with its text', async () => {
  const { asked, background, predicted, open, columns } = await opened(modelCases('onnx').find(({ id }) => id === 'onnx-table-onehot-forest')!)
  await using session = await open({ background })
  const [first] = await session.explain!(asked)
  checkSums(first!, predicted[0]!, first!.outputs.length === 1 ? ([p]) => [1 - p!, p!] : same)
  assert.deepEqual(
    Object.keys(first!.outputs[0]!.contributions),
    columns.map(({ name }) => name),
  )
})

test('without rows that came with them they are refused, and it says what is needed', async () => {
  const { asked, open } = await opened(modelCases('onnx').find(({ id }) => id === 'onnx-xgboost-binary')!)
  await using session = await open({})
  await assert.rejects(session.explain!(asked), coded('explanation-unavailable', /fewer than two rows came with it: import it with golden rows \(--golden\)/))
})
