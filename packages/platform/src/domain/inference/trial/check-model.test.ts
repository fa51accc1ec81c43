import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError, type Signature } from '@fairlead/contract'
import type { Session, Tensors } from '../types.ts'
import { checkModel } from './check-model.ts'

const SIGNATURE: Signature = {
  task: 'regression',
  inputs: [{ name: 'x', type: 'float32', shape: [-1, 1] }],
  outputs: [{ name: 'y', type: 'float32', shape: [-1] }],
  columns: [{ name: 'a', type: 'float32', tensor: 'x', index: 0 }],
  fields: [{ name: 'value', kind: 'value', type: 'float32', tensor: 'y' }],
}
const golden = (value: unknown, rows = [{ a: 2 }]) => ({ rows, predictions: rows.map(() => ({ value }) as Record<string, unknown>), tolerance: 0.01 })

interface Asked {
  answer?: (value: number, run: number) => number
  signature?: Signature
  example?: Record<string, unknown>[]
  expected?: ReturnType<typeof golden>
  rows?: number
}

/** Checks a model that answers each row by itself; `rows`: it takes exactly so many. */
async function checked({ answer = (value) => value * 2, signature = SIGNATURE, example = [], expected, rows }: Asked) {
  let [run, open] = [0, 0]
  const session: Session = {
    run: async ({ x }: Tensors) => {
      const data = x!.data as Float32Array
      if (rows !== undefined && data.length !== rows) throw new FairleadError('model-run-failed', `${data.length} rows`)
      run++
      return { y: { type: 'float32', shape: [data.length], data: Float32Array.from(data, (value) => answer(value, run)) } }
    },
    [Symbol.asyncDispose]: async () => void open--,
  }
  const way = { runtime: 'onnx' as const, words: 'ONNX Runtime', open: async () => Object.assign(session, { opened: ++open }) }
  const checks = await checkModel({ signature, ways: [way], probes: new Map(), example, golden: expected })
  assert.equal(open, 0, 'what was opened is closed')
  return Object.fromEntries(checks.map(({ name, ok, detail }) => [name, { ok, detail }]))
}

test('the same answers twice are deterministic, others are not', async () => {
  assert.deepEqual((await checked({})).determinism, { ok: true, detail: '136 rows got the same answers twice, to the last bit.' })
  assert.match((await checked({ answer: (value, run) => value * (1 + run * 1e-7) })).determinism!.detail, /twice, within \d/)
  const apart = await checked({ answer: (_, run) => run })
  assert.deepEqual(apart.determinism, {
    ok: false,
    detail: 'The same rows get other answers when they are sent again: by ONNX Runtime, output "y", row 0: 1 from the first time, 2 from the second.',
  })
})

test('a model that takes none of the rows is not judged', async () => {
  const refuses = () => {
    throw new FairleadError('model-run-failed', 'not this one')
  }
  assert.deepEqual(await checked({ answer: refuses }), {})
  const once = (_: number, run: number) => (run === 2 ? refuses() : 1)
  assert.match((await checked({ answer: once })).determinism!.detail, /once answered and once refused/)
})

test('example rows must run', async () => {
  assert.deepEqual((await checked({ example: [{ a: 1 }] })).example, { ok: true, detail: 'The example row runs.' })
  const bad = (await checked({ example: [{ a: 1 }, { a: 'one' }] })).example!
  assert.equal(bad.ok, false)
  assert.match(bad.detail, /^Example row 1 does not run: /)
})

test('golden rows must get their answers; fields of steps are no matter of the model', async () => {
  assert.equal((await checked({ expected: golden(4) })).golden!.ok, true)
  assert.match((await checked({ expected: golden(5) })).golden!.detail, /golden\[0\]\.value: expected 5, got 4 \(tolerance 0\.01\)/)
  const stepped = golden(4)
  stepped.predictions[0]!.decision = 'refer'
  assert.equal((await checked({ expected: stepped })).golden!.ok, true)
  assert.match((await checked({ expected: { ...stepped, predictions: [{ decision: 'refer' }] } })).golden!.detail, /None of the fields/)
  assert.match((await checked({ expected: golden(4, [{ a: 2 }, {} as { a: number }]) })).golden!.detail, /^Golden row 1 does not run/)
})

test('a model of a fixed number of rows is run with as many', async () => {
  const signature = { ...SIGNATURE, inputs: [{ name: 'x', type: 'float32' as const, shape: [4, 1] }] }
  const found = await checked({ signature, rows: 4, example: [{ a: 1 }], expected: golden(4, [{ a: 2 }, { a: 2 }]) })
  assert.deepEqual(
    Object.values(found).map(({ ok }) => ok),
    [true, true, true],
  )
})

test('golden rows are run to the last one, however many they are', async () => {
  const rows = Array.from({ length: 1300 }, (_, at) => ({ a: at % 50 }))
  const expected = { rows, predictions: rows.map(({ a }) => ({ value: a * 2 }) as Record<string, unknown>), tolerance: 0.01 }
  assert.match((await checked({ expected })).golden!.detail, /^1300 golden rows get their answers/)
  expected.predictions[1299] = { value: -1 }
  assert.match((await checked({ expected })).golden!.detail, /golden\[1299\]\.value: expected -1/)
  rows[1200] = {} as { a: number }
  assert.match((await checked({ expected })).golden!.detail, /^Golden row 1200 does not run/)
})
