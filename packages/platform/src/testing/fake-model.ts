import { FairleadError, type Signature } from '@fairlead/contract'
import { type ReleaseSettingsInput, releaseSettings } from '@fairlead/contract/control'
import type { Runtime, ServableRelease, Session, Tensors } from '../domain/inference/index.ts'

/** A small credit model: the probability of `bad` is `amount / 10000`, at most 1. */
export const FAKE_SIGNATURE: Signature = {
  task: 'classification',
  inputs: [
    { name: 'age', type: 'int64', shape: [-1, 1] },
    { name: 'purpose', type: 'string', shape: [-1, 1] },
    { name: 'figures', type: 'float32', shape: [-1, 2] },
  ],
  outputs: [
    { name: 'label', type: 'int64', shape: [-1] },
    { name: 'p', type: 'float32', shape: [-1, 2] },
  ],
  columns: [
    { name: 'age', type: 'int64', tensor: 'age', min: 18, max: 120, unit: 'years', description: 'Age of the applicant' },
    { name: 'purpose', type: 'string', tensor: 'purpose', values: ['car', 'education'], optional: true },
    { name: 'amount', type: 'float32', tensor: 'figures', index: 0 },
    { name: 'duration', type: 'float32', tensor: 'figures', index: 1 },
  ],
  fields: [
    { name: 'label', kind: 'label', type: 'int64', tensor: 'label', classes: ['good', 'bad'] },
    { name: 'probabilities', kind: 'probabilities', type: 'float32', tensor: 'p', classes: ['good', 'bad'] },
  ],
}

export const FAKE_ROW = { age: 35, purpose: 'car', amount: 2500, duration: 12 }

/** What the fake does: each run is noted, and it fails or waits as told. */
export interface FakeModel {
  /** Rows of each run. */
  runs: number[]
  disposed: number
  /** Runs that meet an amount of this value fail. */
  poison: number
  /** Milliseconds a run takes; above 0 the session is asynchronous. */
  delayMs: number
}

export function fakeModel(): FakeModel {
  return { runs: [], disposed: 0, poison: -1, delayMs: 0 }
}

function score(model: FakeModel, inputs: Tensors): Tensors {
  const figures = inputs.figures!.data as Float32Array
  const rows = figures.length / 2
  model.runs.push(rows)
  const label = new BigInt64Array(rows)
  const p = new Float32Array(rows * 2)
  for (let i = 0; i < rows; i++) {
    if (figures[i * 2] === model.poison) throw new FairleadError('model-run-failed', 'the model met a poisoned row')
    const bad = Math.min(1, figures[i * 2]! / 10000)
    p[i * 2] = 1 - bad
    p[i * 2 + 1] = bad
    label[i] = bad > 0.5 ? 1n : 0n
  }
  return { label: { type: 'int64', shape: [rows], data: label }, p: { type: 'float32', shape: [rows, 2], data: p } }
}

/** A session of the fake model: on the calling thread, or as if in a worker when it has a delay. */
export function fakeSession(model: FakeModel): Session {
  return {
    ...(model.delayMs > 0 ? {} : { runSync: (inputs: Tensors) => score(model, inputs) }),
    run: async (inputs) => {
      if (model.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, model.delayMs))
      return score(model, inputs)
    },
    [Symbol.asyncDispose]: async () => {
      model.disposed++
    },
  }
}

export function fakeRuntime(model: FakeModel): Runtime {
  return { name: 'fake', takes: () => true, open: async () => fakeSession(model) }
}

/** A release of the fake model, changed as told. */
export function fakeRelease({
  settings = {},
  ...changes
}: Partial<Omit<ServableRelease, 'settings'>> & { settings?: ReleaseSettingsInput } = {}): ServableRelease {
  return {
    deployment: 'credit',
    number: 1,
    digest: `sha256:${String(changes.number ?? 1).padStart(64, '0')}`,
    model: { name: 'credit', version: 1, digest: `sha256:${'a'.repeat(64)}`, format: 'onnx' },
    files: [],
    entry: 'model.onnx',
    signature: FAKE_SIGNATURE,
    pipeline: [{ model: {} }],
    settings: releaseSettings.parse(settings),
    example: [FAKE_ROW],
    ...changes,
  }
}
