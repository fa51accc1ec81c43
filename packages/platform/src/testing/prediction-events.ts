import { releaseSettings } from '@fairlead/contract/control'
import type { PredictionEvent, ServableRelease, Tensors } from '../domain/inference/index.ts'
import { uuidv7 } from '../kernel/ids.ts'

/** A frozen release of a two-class model with the columns `age` (int64), `income` (float32) and `purpose` (text). */
export function sampleRelease(over: Partial<ServableRelease> = {}): ServableRelease {
  const digest = `sha256:${'a'.repeat(64)}`
  return {
    deployment: 'credit-risk',
    number: 1,
    digest,
    model: { name: 'credit', version: 1, digest, format: 'onnx' },
    files: [],
    entry: 'model.onnx',
    signature: {
      task: 'classification',
      inputs: [
        { name: 'age', type: 'int64', shape: [-1, 1] },
        { name: 'income', type: 'float32', shape: [-1, 1] },
        { name: 'purpose', type: 'string', shape: [-1, 1] },
      ],
      outputs: [
        { name: 'label', type: 'int64', shape: [-1] },
        { name: 'probabilities', type: 'float32', shape: [-1, 2] },
      ],
      columns: [
        { name: 'age', type: 'int64', tensor: 'age' },
        { name: 'income', type: 'float32', tensor: 'income' },
        { name: 'purpose', type: 'string', tensor: 'purpose' },
      ],
      fields: [
        { name: 'label', kind: 'label', type: 'int64', tensor: 'label', classes: ['bad', 'good'] },
        { name: 'probabilities', kind: 'probabilities', type: 'float32', tensor: 'probabilities', classes: ['bad', 'good'] },
      ],
    },
    pipeline: [{ model: {} }],
    settings: releaseSettings.parse({}),
    example: [],
    ...over,
  }
}

/** Inputs and outputs of the sample release for some rows. */
export interface SampleRow {
  age: bigint
  income?: number
  purpose?: string
}

/** An event of the sample release with one row for each of `rows`. */
export function sampleEvent(
  rows: SampleRow[],
  over: { release?: ServableRelease; time?: number; id?: string; ids?: string[]; inputs?: Tensors; outputs?: Tensors; traceId?: string } = {},
): PredictionEvent {
  const n = rows.length
  const release = over.release ?? sampleRelease()
  const inputs: Tensors = over.inputs ?? {
    age: { type: 'int64', shape: [n, 1], data: BigInt64Array.from(rows, (r) => r.age) },
    income: { type: 'float32', shape: [n, 1], data: Float32Array.from(rows, (r) => r.income ?? 0.5) },
    purpose: { type: 'string', shape: [n, 1], data: rows.map((r) => r.purpose ?? 'car') },
  }
  const outputs: Tensors = over.outputs ?? {
    label: { type: 'int64', shape: [n], data: BigInt64Array.from(rows, (r) => r.age % 2n) },
    probabilities: { type: 'float32', shape: [n, 2], data: Float32Array.from(rows.flatMap(() => [0.25, 0.75])) },
  }
  const id = over.id ?? uuidv7()
  return {
    request: {
      id,
      deployment: release.deployment,
      release: undefined,
      rows: n,
      inputs,
      ids: over.ids,
      key: undefined,
      deadline: Number.POSITIVE_INFINITY,
      caller: { kind: 'loopback', id: '' },
      traceId: over.traceId,
      interface: 'rows',
      receivedAt: 10,
      parsedAt: 10.25,
    },
    answer: { release, outputs, queueMs: 0.5, runMs: 0.125 },
    time: over.time ?? Date.now(),
    totalMs: 1.5,
  }
}
