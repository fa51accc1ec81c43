import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Signature } from '@fairlead/contract'
import type { PipelineInput } from '@fairlead/contract/control'
import { stepsAround } from '../testing/steps.ts'
import type { Tensors } from '../types.ts'

/** Numbers from a seed, the same in every run. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const NUMBERS = ['a', 'b', 'c']
const SIGNATURE: Signature = {
  task: 'regression',
  inputs: [{ name: 'x', type: 'float32', shape: [-1, 4] }],
  outputs: [
    { name: 'value', type: 'float32', shape: [-1, 1] },
    { name: 'p', type: 'float32', shape: [-1, 2] },
  ],
  columns: [...NUMBERS, 'd'].map((name, index) => ({ name, type: 'float32', tensor: 'x', index, optional: true })),
  fields: [
    { name: 'value', kind: 'value', type: 'float32', tensor: 'value' },
    { name: 'probabilities', kind: 'probabilities', type: 'float32', tensor: 'p', classes: ['no', 'yes'] },
  ],
}

/** Each row by itself, as models are. */
function model(inputs: Tensors, rows: number): Tensors {
  const x = inputs.x!.data as Float32Array
  const value = Float32Array.from({ length: rows }, (_, i) => x[i * 4]! + 2 * x[i * 4 + 1]! - x[i * 4 + 3]!)
  const p = Float32Array.from({ length: rows * 2 }, (_, i) => (i % 2 === 0 ? 0.25 : 0.75) + Math.sin(x[(i >> 1) * 4]! || 0) * (i % 2 === 0 ? 0.2 : -0.2))
  return { value: { type: 'float32', shape: [rows, 1], data: value }, p: { type: 'float32', shape: [rows, 2], data: p } }
}

/** A pipeline of steps before and behind the model, drawn from all kinds. */
function randomSteps(random: () => number): PipelineInput {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
  const number = () => Math.round((random() * 8 - 4) * 100) / 100
  const kinds: (() => PipelineInput[number])[] = [
    () => ({ derive: { [pick(NUMBERS)]: `${pick(NUMBERS)} ${pick(['+', '-', '*', '/', '%'])} (${pick(NUMBERS)} + ${number()})` } }),
    () => ({ derive: { [pick([...NUMBERS, 'e'])]: `case when ${pick(NUMBERS)} > ${number()} then ${pick(NUMBERS)} else null end` } }),
    () => ({ clip: { [pick(NUMBERS)]: { min: -3, max: Math.abs(number()) } } }),
    () => ({ scale: { [pick(NUMBERS)]: { as: 'standard', mean: number(), deviation: Math.abs(number()) } } }),
    () => ({ scale: { [pick(NUMBERS)]: { as: 'min-max', min: -1, max: 3, into: pick(NUMBERS) } } }),
    () => ({ bin: { [pick(NUMBERS)]: { edges: [-1, 0, 1.5], into: pick(NUMBERS) } } }),
    () => ({ default: { [pick(NUMBERS)]: number() } }),
    () => ({ impute: { [pick(NUMBERS)]: { with: 'mean', value: number(), missing: pick(['m1', 'm2']) } } }),
    () => ({ encode: { t: { as: 'ordinal', categories: ['p', 'q'], into: pick(NUMBERS) } } }),
    () => ({ encode: { t: { as: 'one-hot', categories: ['p', 'r'], unknown: 'other' } } }),
    () => ({ encode: { t: { as: 'hash', buckets: 7, into: 'd' } } }),
    () => ({ encode: { t: { as: 'target', means: { p: 0.5 }, otherwise: number(), into: pick(NUMBERS) } } }),
    () => ({ rename: { a: 'b', b: 'a' } }),
  ]
  const before = Array.from({ length: 1 + Math.floor(random() * 8) }, () => pick(kinds)())
  const behind: PipelineInput = [
    {
      calibrate: pick([
        { as: 'beta' as const, a: 1.2, b: 0.8, c: 0.1 },
        { as: 'platt' as const, a: -2, b: 1 },
        { as: 'isotonic' as const, x: [0.2, 0.8], y: [0.1, 0.9] },
      ]),
    },
    { derive: { more: `value * ${number()} + ${pick(NUMBERS)}` } },
    { decide: { rules: [{ label: 'x', when: 'probability > 0.7 or more < 0' }], reason: 'why', review: { below: 0.6 } } },
  ]
  const inputs = {
    inputs: [...NUMBERS.map((name) => ({ name, type: 'float32' as const, optional: true })), { name: 't', type: 'string' as const, optional: true }],
  }
  return [inputs, ...before, { model: {} }, ...behind]
}

function randomRow(random: () => number): Record<string, unknown> {
  const cell = () => (random() < 0.1 ? null : random() < 0.05 ? 'NaN' : Math.fround(random() * 8 - 4))
  return { a: cell(), b: cell(), c: cell(), d: cell(), t: ['p', 'q', 'r', null][Math.floor(random() * 4)] }
}

/** Rows of several portions, and one that is not full. */
const ROWS = 5000
const SINGLES = 60

test('a row is answered the same alone and among thousands, whatever the steps', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = randomOf(seed)
    const steps = randomSteps(random)
    const { predict, signature } = stepsAround(SIGNATURE, steps, model)
    const names = new Set(signature.columns.map(({ name }) => name))
    const rows = Array.from({ length: ROWS }, () => Object.fromEntries(Object.entries(randomRow(random)).filter(([name]) => names.has(name))))
    const together = await predict(rows)
    for (let i = 0; i < SINGLES; i++) {
      const at = Math.floor((i * (ROWS - 1)) / (SINGLES - 1))
      assert.deepEqual(await predict([rows[at]!]), [together[at]], `seed ${seed}, row ${at} of ${JSON.stringify(steps)}`)
    }
  }
})

test('a refused row is named by its place among all rows', async () => {
  const { predict } = stepsAround(
    SIGNATURE,
    [{ inputs: [{ name: 't', type: 'string' }] }, { encode: { t: { as: 'ordinal', categories: ['p'], unknown: 'refuse', into: 'd' } } }, { model: {} }],
    model,
  )
  const rows = Array.from({ length: ROWS }, (_, i) => ({ t: i === 3000 || i === 4999 ? 'z' : 'p', a: 1, b: 2, c: 3 }))
  await assert.rejects(predict(rows), { code: 'value-unknown', message: /^rows\[3000\]\.t: "z" .*\(and 1 more\)/ })
})
