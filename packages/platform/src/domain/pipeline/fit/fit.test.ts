import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { type PipelineInput, pipeline as pipelineSchema } from '@fairlead/contract/control'
import type { Column } from '../columns.ts'
import { fitBeta, fitIsotonic, fitPlatt } from './calibrators.ts'
import { fitCalibration, isFitted } from './fit-calibration.ts'
import { fitPipeline, type TrainingData } from './fit-pipeline.ts'

const DIGEST = `sha256:${'d'.repeat(64)}`
const NAN = Number.NaN
const columns = new Map<string, Column>([
  ['x', { type: 'number', data: Float64Array.of(1, 2, 3, 4, 10, NAN, 0), nulls: Uint8Array.of(0, 0, 0, 0, 0, 0, 1) }],
  ['t', { type: 'text', data: ['a', 'b', 'a', 'a', 'b', 'c', ''], nulls: Uint8Array.of(0, 0, 0, 0, 0, 0, 1) }],
  ['n', { type: 'integer', data: BigInt64Array.of(1n, 1n, 2n, 2n, 2n, 3n, 3n) }],
  ['f', { type: 'boolean', data: Uint8Array.of(1, 0, 1, 1, 0, 0, 1) }],
])
const DATA: TrainingData = { columns, rows: 7, label: Float64Array.of(1, 0, 1, 0, 0, 1, NAN), digest: DIGEST }

function fit(steps: PipelineInput, data = DATA) {
  return fitPipeline(pipelineSchema.parse(steps), data)
}

function refusal(steps: PipelineInput, data = DATA): string {
  try {
    fit(steps, data)
  } catch (error) {
    assert.ok(error instanceof FairleadError)
    assert.equal(error.code, 'pipeline-invalid')
    return error.message
  }
  assert.fail('it was fitted')
}

test('each kind of step learns what it lacks, and keeps the digest of the data', () => {
  const [impute, scale, encode, bin] = fit([
    { impute: { t: { with: 'most-frequent' }, n: { with: 'median' } } },
    {
      scale: {
        x: { as: 'standard', into: 's' },
        n: { as: 'min-max', into: 'm' },
      },
    },
    { encode: { t: { as: 'ordinal', into: 'o' }, f: { as: 'one-hot' } } },
    { bin: { x: { as: 'quantiles', bins: 4, into: 'b' } } },
  ]) as [{ impute: unknown }, { scale: unknown }, { encode: unknown }, { bin: unknown }]
  const fitted = DIGEST
  assert.deepEqual(impute, { impute: { t: { with: 'most-frequent', value: 'a', fitted }, n: { with: 'median', value: 2, fitted } } })
  // of 1, 2, 3, 4, 10: neither null nor NaN counts
  assert.deepEqual(scale, {
    scale: { x: { as: 'standard', into: 's', mean: 4, deviation: Math.sqrt(10), fitted }, n: { as: 'min-max', into: 'm', min: 1, max: 3, fitted } },
  })
  assert.deepEqual(encode, {
    encode: {
      t: { as: 'ordinal', unknown: 'null', into: 'o', categories: ['a', 'b', 'c'], fitted },
      f: { as: 'one-hot', unknown: 'zero', categories: [false, true], fitted },
    },
  })
  assert.deepEqual(bin, { bin: { x: { as: 'quantiles', bins: 4, into: 'b', edges: [2, 3, 4], fitted } } })
})

test('a step learns from the data as the steps before it leave it', () => {
  const [, , scale] = fit([{ derive: { y: 'x * 10' } }, { default: { y: 0 } }, { scale: { y: { as: 'max-abs' } } }]) as [
    unknown,
    unknown,
    { scale: { y: { max: number } } },
  ]
  assert.equal(scale.scale.y.max, 100)
  const [, robust] = fit([{ rename: { x: 'z' } }, { scale: { z: { as: 'robust' } } }]) as [unknown, { scale: { z: { median: number; range: number } } }]
  assert.deepEqual([robust.scale.z.median, robust.scale.z.range], [3, 2])
})

test('what a lookup would fetch is taken from the data', () => {
  const lookup = (name: string) => ({ lookup: { service: 'shop', keys: { id: 't' }, features: { [name]: {} } } })
  const [, scale] = fit([lookup('x'), { scale: { x: { as: 'max-abs' } } }]) as [unknown, { scale: { x: { max: number } } }]
  assert.equal(scale.scale.x.max, 10)
  assert.match(refusal([lookup('spent'), { scale: { spent: { as: 'max-abs' } } }]), /step 1 .*lookup\.features\.spent.*needs the column "spent"/)
})

test('target encoding pulls means to that of all rows', () => {
  const [{ encode }] = fit([{ encode: { t: { as: 'target', smoothing: 1 } } }]) as unknown as [
    { encode: { t: { means: Record<string, number>; otherwise: number } } },
  ]
  assert.equal(encode.t.otherwise, 0.5)
  assert.deepEqual(encode.t.means, { a: (2 + 0.5) / 4, b: 0.5 / 3, c: 1.5 / 2 })
  assert.match(refusal([{ encode: { t: { as: 'target' } } }], { ...DATA, label: undefined }), /step 1 .*encode\.t.*--label/)
})

test('what has its parameters stays as it is, and what cannot be learnt is refused by its place', () => {
  const given: PipelineInput = [
    { scale: { x: { as: 'standard', mean: 0, deviation: 1 } } },
    { bin: { x: { edges: [1] } } },
    { model: {} },
    { calibrate: { as: 'platt' } },
  ]
  assert.deepEqual(fit(given), pipelineSchema.parse(given))
  assert.match(refusal([{ scale: { t: { as: 'standard' } } }]), /step 1 .*scale\.t.*is a text in the data/)
  assert.match(refusal([{ scale: { nope: { as: 'standard' } } }]), /no column "nope"/)
  const empty: Column = { type: 'number', data: Float64Array.of(NAN), nulls: undefined }
  assert.match(refusal([{ impute: { e: { with: 'mean' } } }], { columns: new Map([['e', empty]]), rows: 1, digest: DIGEST }), /no number in the data/)
  assert.match(refusal([{ bin: { n: { as: 'quantiles', bins: 6, labels: ['a', 'b', 'c', 'd', 'e', 'f'] } } }]), /intervals of different edges/)
})

/** Probabilities that are too sure of themselves: what is told as `p` comes true as the logistic of half its logit. */
function overconfident(): { p: Float64Array; truth: Uint8Array } {
  const p: number[] = []
  const truth: number[] = []
  for (let k = 1; k < 100; k++) {
    const told = k / 100
    const real = 1 / (1 + Math.exp(-Math.log(told / (1 - told)) / 2))
    for (let i = 0; i < 200; i++) {
      p.push(told)
      truth.push(i < Math.round(real * 200) ? 1 : 0)
    }
  }
  return { p: Float64Array.from(p), truth: Uint8Array.from(truth) }
}

test('calibrations find what comes true', () => {
  const { p, truth } = overconfident()
  const beta = fitBeta(p, truth)
  assert.ok(Math.abs(beta.a - 0.5) < 0.01 && Math.abs(beta.b - 0.5) < 0.01 && Math.abs(beta.c) < 0.01, JSON.stringify(beta))
  const platt = fitPlatt(p, truth)
  const at = (told: number) => 1 / (1 + Math.exp(platt.a * told + platt.b))
  assert.ok(platt.a < 0 && Math.abs(at(0.5) - 0.5) < 0.01 && Math.abs(at(0.9) - 0.75) < 0.05, JSON.stringify(platt))
  const { x, y } = fitIsotonic(p, truth)
  assert.ok(x.every((value, i) => i === 0 || value > x[i - 1]!) && y.every((value, i) => i === 0 || value >= y[i - 1]!))
  assert.ok(Math.abs(y[x.indexOf(0.5)]! - 0.5) < 0.01)
})

test('isotonic regression pools neighbours that are out of order', () => {
  const { x, y } = fitIsotonic(Float64Array.of(0.1, 0.2, 0.3, 0.4, 0.4), Uint8Array.of(0, 1, 0, 1, 1))
  assert.deepEqual(
    [x, y],
    [
      [0.1, 0.2, 0.3, 0.4],
      [0, 0.5, 0.5, 1],
    ],
  )
})

test('calibrations of classes that are told apart perfectly end, and stay finite', () => {
  const [p, truth] = [Float64Array.of(0.1, 0.2, 0.8, 0.9), Uint8Array.of(0, 0, 1, 1)]
  for (const options of [{ as: 'platt' as const }, { as: 'beta' as const }, { as: 'isotonic' as const }]) {
    const fitted = fitCalibration(options, { p, truth, digest: DIGEST })
    assert.ok(isFitted(fitted) && !isFitted(options))
    assert.equal(JSON.stringify(fitted).includes('null'), false, JSON.stringify(fitted))
  }
})
