import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { FairleadError, type Signature } from '@fairlead/contract'
import type { PipelineInput } from '@fairlead/contract/control'
import type { FeatureService, FeatureValue } from '../../pipeline/index.ts'
import { stepsAround } from '../testing/steps.ts'

/** Answers the sum of `balance` and `orders`. */
const SIGNATURE: Signature = {
  task: 'regression',
  inputs: [
    { name: 'balance', type: 'float64', shape: [-1, 1] },
    { name: 'orders', type: 'float64', shape: [-1, 1] },
  ],
  outputs: [{ name: 'y', type: 'float64', shape: [-1] }],
  columns: [
    { name: 'balance', type: 'float64', tensor: 'balance' },
    { name: 'orders', type: 'float64', tensor: 'orders' },
  ],
  fields: [{ name: 'value', kind: 'value', type: 'float64', tensor: 'y' }],
}

const LOOKUP = { service: 'accounts', keys: { id: 'customer' }, features: { balance: { otherwise: 0 } } }
const STEPS: PipelineInput = [{ inputs: [{ name: 'customer', type: 'int64' }] }, { lookup: LOOKUP }, { model: {} }]

class Accounts implements FeatureService {
  asked: FeatureValue[][] = []
  async fetch({ keys, features }: Parameters<FeatureService['fetch']>[0]) {
    const [ids = []] = keys.values()
    this.asked.push([...ids])
    await sleep(1)
    if (ids.includes(666n)) throw new FairleadError('lookup-failed', 'it is down')
    return new Map(features.map((name) => [name, { values: ids.map((id) => (Number(id) < 0 ? null : Number(id) * 100)), times: ids.map(() => null) }]))
  }
}

function around(steps: PipelineInput, service = new Accounts()) {
  const model = (inputs: Record<string, { data: unknown }>, rows: number) => {
    const [balance, orders] = [inputs.balance!.data as Float64Array, inputs.orders!.data as Float64Array]
    return { y: { type: 'float64' as const, shape: [rows], data: balance.map((value, row) => value + orders[row]!) } }
  }
  return { service, ...stepsAround(SIGNATURE, steps, model, new Map([['accounts', service]])) }
}

test('a lookup makes a column of the model from what callers send', async () => {
  const { predict, signature, service } = around(STEPS)
  assert.deepEqual(
    signature.columns.map(({ name, type }) => [name, type]),
    [
      ['customer', 'int64'],
      ['orders', 'float64'],
    ],
  )
  const rows = [
    { customer: 1, orders: 5 },
    { customer: 2, orders: 6 },
    { customer: 1, orders: 7 },
    { customer: -1, orders: 8 },
  ]
  assert.deepEqual(await predict(rows), [{ value: 105 }, { value: 206 }, { value: 107 }, { value: 8 }])
  assert.deepEqual(service.asked, [[1n, 2n, -1n]])
})

test('steps before and behind a lookup see what they should, also in batches of many portions', async () => {
  const { predict, service } = around([
    { inputs: [{ name: 'customer', type: 'int32' }] },
    { derive: { key: 'customer + 1', twice: 'orders * 2' } },
    { lookup: { ...LOOKUP, keys: { id: 'key' } } },
    { derive: { balance: 'balance + twice' } },
    { model: {} },
    { derive: { key_again: 'key' } },
  ])
  const rows = Array.from({ length: 5000 }, (_, i) => ({ customer: i % 7, orders: i }))
  assert.deepEqual(
    await predict(rows),
    rows.map(({ customer, orders }) => ({ value: (customer + 1) * 100 + 3 * orders, key_again: customer + 1 })),
  )
  assert.deepEqual(service.asked, [[1, 2, 3, 4, 5, 6, 7]])
})

test('a lookup behind the model adds to the answer', async () => {
  const { predict } = around([
    { inputs: [{ name: 'customer', type: 'int64' }] },
    { model: {} },
    { lookup: { ...LOOKUP, features: { limit: { from: 'balance' } } } },
  ])
  assert.deepEqual(await predict([{ customer: 3, orders: 1, balance: 2 }]), [{ value: 3, limit: 300 }])
})

test('services that need nothing of each other are asked side by side', async () => {
  let atOnce = 0
  let most = 0
  const slow: FeatureService = {
    async fetch({ keys, features }) {
      most = Math.max(most, ++atOnce)
      await sleep(20)
      atOnce--
      const count = [...keys.values()][0]!.length
      return new Map(features.map((name) => [name, { values: Array.from({ length: count }, () => 1), times: Array.from({ length: count }, () => null) }]))
    },
  }
  const { predict } = around(
    [{ inputs: [{ name: 'customer', type: 'int64' }] }, { lookup: LOOKUP }, { lookup: { ...LOOKUP, features: { orders: {} } } }, { model: {} }],
    slow as Accounts,
  )
  assert.deepEqual(await predict([{ customer: 1 }]), [{ value: 2 }])
  assert.equal(most, 2)
})

test('a service that is down fails the request, and only that one', async () => {
  const { predict } = around(STEPS)
  const [bad, good] = await Promise.allSettled([predict([{ customer: 666, orders: 1 }]), predict([{ customer: 1, orders: 1 }])])
  assert.equal(bad.status === 'rejected' && (bad.reason as FairleadError).code, 'lookup-failed')
  assert.deepEqual(good.status === 'fulfilled' && good.value, [{ value: 101 }])
})

test('a service that there is not is refused with the step, and what cannot be is refused when it is compiled', () => {
  assert.throws(
    () => around([...STEPS.slice(0, 1), { lookup: { ...LOOKUP, service: 'acounts' } }, { model: {} }]),
    (error: FairleadError) => {
      assert.equal(error.code, 'pipeline-invalid')
      assert.match(error.message, /step 2 of the pipeline \(lookup\.service\): there is no feature service "acounts"; did you mean "accounts"\?/)
      return true
    },
  )
  const refused = (lookup: object, why: RegExp) =>
    assert.throws(() => around([{ inputs: [{ name: 'customer', type: 'int64' }] }, { lookup: { ...LOOKUP, ...lookup } }, { model: {} }]), why)
  refused({ keys: { id: 'nobody' } }, /lookup\.keys\.id.*there is no column "nobody"/)
  refused({ features: { balance: { otherwise: 'none' } } }, /lookup\.features\.balance\.otherwise.*is a number/)
  refused({ timeout: '2m' }, /lookup\.timeout.*1ms to 60s/)
  refused({ timeout: '1s1h' }, /is no duration/)
})
