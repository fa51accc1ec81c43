import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import type { Signature } from '@fairlead/contract'
import { identityModel } from '../../testing/identity-model.ts'
import { runtimeSuite } from '../../testing/runtime-suite.ts'
import { onnxRuntime } from './runtime.ts'

runtimeSuite({ make: () => onnxRuntime(), identity: identityModel })

test('a tree classifier answers what its library answered', async () => {
  const bytes = await readFile(new URL('./testdata/credit-risk.onnx', import.meta.url))
  await using session = await onnxRuntime().open({ format: 'onnx', bytes, signature: {} as Signature })
  const text = (value: string) => ({ type: 'string' as const, shape: [1, 1], data: [value] })
  const whole = (value: bigint) => ({ type: 'int64' as const, shape: [1, 1], data: new BigInt64Array([value]) })
  const { label, probabilities } = await session.run({
    age: whole(67n),
    sex: text('male'),
    job: whole(2n),
    housing: text('own'),
    saving_accounts: text('not_known'),
    checking_account: text('little'),
    credit_amount: whole(1169n),
    duration: whole(6n),
    purpose: text('radio_tv'),
  })
  assert.deepEqual(label!.data, new BigInt64Array([1n]))
  assert.deepEqual(probabilities!.shape, [1, 2])
  const [bad, good] = probabilities!.data as Float32Array
  assert.ok(Math.abs(bad! + good! - 1) < 1e-6 && good! > 0.5)
})

test('usage reports are switched off before the library is loaded', () => {
  onnxRuntime()
  assert.equal(process.env.ORT_DISABLE_TELEMETRY, '1')
})
