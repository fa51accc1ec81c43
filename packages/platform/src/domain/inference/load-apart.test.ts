import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FairleadError, type Signature } from '@fairlead/contract'
import { releaseSettings } from '@fairlead/contract/control'
import { openApart } from './load-apart.ts'
import { ReleasePlan } from './serving-release.ts'
import type { Runtime, ServableRelease, Session, Tensors } from './types.ts'

const SIGNATURE: Signature = {
  task: 'other',
  inputs: [{ name: 'x', type: 'float64', shape: [-1] }],
  outputs: [{ name: 'y', type: 'float64', shape: [-1] }],
  columns: [{ name: 'x', type: 'float64', tensor: 'x' }],
  fields: [{ name: 'y', kind: 'value', type: 'float64', tensor: 'y' }],
}

const plan = () =>
  new ReleasePlan({
    deployment: 'd',
    number: 1,
    digest: 'sha256:0',
    model: { name: 'm', version: 1, digest: 'sha256:0', format: 'apart' },
    files: [],
    entry: '',
    signature: SIGNATURE,
    pipeline: [{ model: {} }],
    settings: releaseSettings.parse({ workers: 3 }),
    example: [{ x: 1 }],
  } satisfies ServableRelease)

/** A runtime whose sessions answer as `run` does; says when they are freed. */
function runtimeOf(run: (inputs: Tensors) => Tensors): { runtime: Runtime; freed(): number } {
  let freed = 0
  const session: Session = {
    isolation: 'a fence.',
    run: async (inputs) => run(inputs),
    async [Symbol.asyncDispose]() {
      freed++
    },
  }
  return { runtime: { name: 'apart', apart: true, takes: () => true, open: async () => session }, freed: () => freed }
}

const one = { x: { type: 'float64' as const, shape: [1], data: new Float64Array([1]) } }
const artifact = { format: 'apart', bytes: new Uint8Array(0), signature: SIGNATURE }
const rowsOf = (inputs: Tensors) => inputs.x!.shape[0]!
const answer = (rows: number): Tensors => ({ y: { type: 'float64', shape: [rows], data: new Float64Array(rows) } })

describe('a model whose runtime keeps it in processes of its own', () => {
  it('is opened once and measured; its workers are the runs that may be under way', async () => {
    const { runtime, freed } = runtimeOf((inputs) => answer(rowsOf(inputs)))
    const { execution, batching } = await openApart(plan(), { runtime, artifact, sample: { inputs: one, real: true } })
    assert.deepEqual([execution.runtime, execution.mode, execution.workers, execution.isolation, batching.slots], ['apart', 'worker', 3, 'a fence.', 3])
    assert.equal(batching.joinable, true)
    assert.ok(execution.measured.length > 1)
    assert.match(execution.reason, /^Runs in 3 processes of its own for each serve process: one row takes/)
    assert.equal(freed(), 0)
  })

  it('that refuses several rows, or answers them with another number, gets those of one request at a time', async () => {
    const refusing = runtimeOf((inputs) => {
      if (rowsOf(inputs) > 1) throw new FairleadError('model-run-failed', 'one at a time')
      return answer(1)
    })
    for (const { runtime } of [refusing, runtimeOf(() => answer(1))]) {
      const { batching, execution } = await openApart(plan(), { runtime, artifact, sample: { inputs: one, real: true } })
      assert.deepEqual([batching.joinable, execution.measured.length], [false, 1])
    }
  })

  it('that refuses the row that came with it is freed and refused; a made-up row may be refused', async () => {
    const { runtime, freed } = runtimeOf(() => {
      throw new FairleadError('model-run-failed', 'not this row')
    })
    await assert.rejects(openApart(plan(), { runtime, artifact, sample: { inputs: one, real: true } }), /not this row/)
    assert.equal(freed(), 1)
    const { execution } = await openApart(plan(), { runtime, artifact, sample: { inputs: one, real: false } })
    assert.match(execution.reason, /could not be measured with made-up values \(not this row\)/)
  })
})
