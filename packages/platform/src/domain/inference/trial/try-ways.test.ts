import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError, type Signature } from '@fairlead/contract'
import type { RuntimeName } from '@fairlead/contract/control'
import type { Session, Tensors } from '../types.ts'
import { tryWays, type Way } from './try-ways.ts'

const SIGNATURE: Signature = {
  task: 'classification',
  inputs: [{ name: 'x', type: 'float32', shape: [-1, 2] }],
  outputs: [
    { name: 'label', type: 'int64', shape: [-1] },
    { name: 'p', type: 'float32', shape: [-1] },
  ],
  columns: [
    { name: 'a', type: 'float32', tensor: 'x', index: 0 },
    { name: 'b', type: 'float32', tensor: 'x', index: 1 },
  ],
  fields: [],
}
const PROBES = new Map([['x', [{ numbers: [5], texts: [] }]]])
const ROWS = [
  { a: 1, b: 2 },
  { a: 3, b: 4 },
]

interface Made {
  /** Added to every probability. */
  shift?: number
  /** The threshold of the label. */
  threshold?: number
  /** Whether a value of exactly 5 is refused. */
  refuses?: boolean
  /** Microseconds that a run keeps the thread. */
  micros?: number
}

function session({ shift = 0, threshold = 5, refuses = false, micros = 0 }: Made, closed: { count: number }): Session {
  const runSync = ({ x }: Tensors): Tensors => {
    const until = performance.now() + micros / 1000
    while (performance.now() < until);
    const data = x!.data as Float32Array
    const rows = data.length / 2
    if (refuses && data.some((value, at) => at % 2 === 0 && value === 5)) throw new FairleadError('model-run-failed', 'five is right out')
    const label = BigInt64Array.from({ length: rows }, (_, row) => (data[row * 2]! < threshold ? 0n : 1n))
    const p = Float32Array.from({ length: rows }, (_, row) => 1 / (1 + Math.exp(-data[row * 2]!)) + shift)
    return { label: { type: 'int64', shape: [rows], data: label }, p: { type: 'float32', shape: [rows], data: p } }
  }
  return {
    runSync,
    run: async (inputs) => runSync(inputs),
    [Symbol.asyncDispose]: async () => {
      closed.count++
    },
  }
}

async function tried(onnx: Made, compiled: Made | Error) {
  const closed = { count: 0 }
  const way = (runtime: RuntimeName, words: string, made: Made | Error): Way => ({
    runtime,
    words,
    open: async () => {
      if (made instanceof Error) throw made
      return session(made, closed)
    },
  })
  const ways = [way('onnx', 'ONNX Runtime', onnx), way('compiled', 'the compiled form', compiled)]
  const choice = await tryWays({ signature: SIGNATURE, ways, probes: PROBES, rows: ROWS })
  assert.equal(closed.count, compiled instanceof Error ? 1 : 2, 'what was opened is closed')
  return choice
}

test('the fastest way that answers the same is chosen, with the figures', async () => {
  const { chosen, reason, ways, agreement } = await tried({ micros: 300 }, { shift: 1e-7 })
  assert.equal(chosen, 'compiled')
  assert.match(
    reason,
    /^Runs by the compiled form, the faster of two that answer the same \(within .*, on 514 rows\): one row takes .* by ONNX Runtime one row takes/,
  )
  assert.equal(agreement?.agree, true)
  assert.ok(agreement!.largestDifference > 0 && agreement!.largestDifference < 1e-6)
  assert.deepEqual(
    ways.map(({ measured }) => measured.map(({ rows }) => rows)),
    [
      [1, 16, 128, 1024, 10_000],
      [1, 16, 128, 1024, 10_000],
    ],
  )
  assert.equal((await tried({}, { micros: 300 })).chosen, 'onnx')
})

test('where answers differ the reference counts, and the place is told', async () => {
  const apart = await tried({ micros: 300 }, { shift: 1e-3 })
  assert.equal(apart.chosen, 'onnx')
  assert.match(
    apart.agreement!.detail!,
    /^output "p", row 0: 0\.7310\d* from ONNX Runtime, 0\.7320\d* from the compiled form \(of the rows that came with the model\)$/,
  )
  assert.match(apart.reason, /^Runs by ONNX Runtime, whose answers count where others differ: output "p"/)
})

test('rows are made of the values by which the model decides, and of their neighbours', async () => {
  // 5 and the next number above it are told apart by made-up rows alone
  const { agreement } = await tried({}, { threshold: 5.0000005 })
  assert.equal(agreement?.agree, false)
  assert.match(agreement!.detail!, /^output "label", row \d+: 1 from ONNX Runtime, 0 from the compiled form \(of the made-up rows\)$/)
})

test('a row that one way refuses and the other answers is a difference; one that both refuse is none', async () => {
  const one = await tried({}, { refuses: true })
  assert.match(one.agreement!.detail!, /^row \d+: ONNX Runtime answers and the compiled form does not \(five is right out\)/)
  assert.equal((await tried({ refuses: true }, { refuses: true })).agreement?.agree, true)
})

test('a way that does not take the model is named with why', async () => {
  const { chosen, reason, ways, agreement } = await tried({}, new Error('no such step'))
  assert.deepEqual([chosen, agreement], ['onnx', undefined])
  assert.match(reason, /^Runs by ONNX Runtime: the compiled form does not take it \(no such step\)\.$/)
  assert.deepEqual(ways[1], { runtime: 'compiled', problem: 'no such step', measured: [] })
})

test('where no way takes it, the trial fails with the reasons of all', async () => {
  const open = async () => {
    throw new Error('broken')
  }
  await assert.rejects(tryWays({ signature: SIGNATURE, ways: [{ runtime: 'compiled', words: 'the compiled form', open }], probes: PROBES, rows: [] }), /broken/)
})

test('where no row runs nothing is measured, and that is no fault of the way', async () => {
  const runSync = () => {
    throw new FairleadError('model-run-failed', 'not this one')
  }
  const open = async (): Promise<Session> => ({ runSync, run: async () => runSync(), [Symbol.asyncDispose]: async () => {} })
  const choice = await tryWays({ signature: SIGNATURE, ways: [{ runtime: 'compiled', words: 'the compiled form', open }], probes: PROBES, rows: ROWS })
  assert.deepEqual([choice.chosen, choice.ways], ['compiled', [{ runtime: 'compiled', measured: [] }]])
  assert.match(choice.reason, /not measured/)
})
