import assert from 'node:assert/strict'
import type { Signature } from '@fairlead/contract'
import type { Session, Tensor } from '../../domain/inference/index.ts'
import { ByName } from '../../kernel/by-name.ts'
import { fakeRelease } from '../../testing/fake-model.ts'
import { eachLane } from './testing/serving.ts'

/** Names that every object has something under. */
const ODD = ['__proto__', 'constructor', 'toString'] as const
const [PROTO] = ODD
const PREDICT = '/v1/deployments/credit/predict'
const INFER = '/v2/models/credit/infer'
const SIGNATURE: Signature = {
  task: 'other',
  inputs: ODD.map((name) => ({ name, type: 'float64', shape: [-1] })),
  outputs: [
    { name: '__proto__', type: 'float64', shape: [-1] },
    { name: 'total', type: 'float64', shape: [-1] },
  ],
  columns: ODD.map((name) => ({ name, type: 'float64', tensor: name })),
  fields: [
    { name: 'total', kind: 'value', type: 'float64', tensor: '__proto__' },
    { name: '__proto__', kind: 'value', type: 'float64', tensor: 'total' },
  ],
}
const ROW = '{"__proto__":1,"constructor":2,"toString":3}'
const ANSWERS = '[{"total":6,"__proto__":1}]'

/** The sum of the columns, and the first of them. */
const session: Session = {
  run: async (inputs) => {
    const [first, ...others] = ODD.map((name) => inputs[name]!.data as Float64Array)
    const outputs = new ByName<Tensor>()
    outputs[PROTO] = { type: 'float64', shape: [first!.length], data: first!.map((x, at) => others.reduce((sum, one) => sum + one[at]!, x)) }
    outputs.total = { type: 'float64', shape: [first!.length], data: first! }
    return outputs
  },
  [Symbol.asyncDispose]: async () => {},
}

function tensors(names: readonly string[]): string {
  return `{"inputs":[${names.map((name, at) => `{"name":"${name}","shape":[1],"datatype":"FP64","data":[${at + 1}]}`).join(',')}]}`
}

/** What is on every object. */
function everyObject(): unknown[] {
  return [Object.prototype, Array.prototype, Function.prototype].map((one) => [Object.getPrototypeOf(one), Object.getOwnPropertyDescriptors(one)])
}

eachLane('columns and outputs may be called as what every object has', async (testServing) => {
  await using serving = await testServing({ session, releases: [fakeRelease({ signature: SIGNATURE, example: [] })] })
  // twice, and in two orders: the second is read by the order of the first
  for (const row of [ROW, ROW, '{"toString":3,"__proto__":1,"constructor":2}', '{"toString":3,"__proto__":1,"constructor":2}']) {
    const text = await (await serving.post(PREDICT, `{"rows":[${row}]}`)).text()
    assert.ok(text.includes(`"predictions":${ANSWERS}`), text)
  }
  const lines = await serving.post(PREDICT, `${ROW}\n`, { 'content-type': 'application/x-ndjson', accept: 'application/x-ndjson' })
  assert.equal(await lines.text(), `${ANSWERS.slice(1, -1)}\n`)
  const csv = await serving.post(PREDICT, `${ODD}\n1,2,3\n`, { 'content-type': 'text/csv', accept: 'text/csv' })
  assert.equal(await csv.text(), 'total,__proto__\r\n6,1\r\n')

  for (const names of [ODD, ODD]) {
    const answer = (await (await serving.post(INFER, tensors(names))).json()) as { outputs: { name: string; data: number[] }[] }
    assert.deepEqual(
      answer.outputs.map(({ name, data }) => [name, data]),
      [
        ['__proto__', [6]],
        ['total', [1]],
      ],
    )
  }
  for (const frame of [`"dataframe_records":[${ROW}]`, `"dataframe_split":{"columns":${JSON.stringify(ODD)},"data":[[1,2,3]]}`]) {
    const scored = await serving.post('/invocations', `{${frame}}`)
    assert.equal(scored.status, 200, await scored.clone().text())
  }
  for (const { request, answer } of serving.world.logged) {
    assert.deepEqual(
      ODD.map((name) => request.inputs[name]?.data[0]),
      [1, 2, 3],
    )
    assert.deepEqual([answer.outputs[PROTO]?.data[0], answer.outputs.total?.data[0]], [6, 1])
  }
  const document = (await (await fetch(`${serving.url}/v1/deployments/credit/openapi.json`)).json()) as {
    components: { schemas: { Row: { properties: object }; Prediction: { properties: object } } }
  }
  const { Row, Prediction } = document.components.schemas
  assert.deepEqual([Object.keys(Row.properties), Object.keys(Prediction.properties)], [ODD.slice(), ['total', PROTO]])
})

eachLane('what is missing is missing, though every object has something under its name', async (testServing) => {
  await using serving = await testServing({ session, releases: [fakeRelease({ signature: SIGNATURE, example: [] })] })
  for (const name of ODD) {
    const row = JSON.stringify(Object.fromEntries(ODD.filter((one) => one !== name).map((one) => [one, 1])))
    const rows = (await (await serving.post(PREDICT, `{"rows":[${row}]}`)).json()) as { errors: { path: string; code: string }[] }
    assert.deepEqual([rows.errors.length, rows.errors[0]?.code], [1, 'column-missing'], name)
    const { error } = (await (await serving.post(INFER, tensors(ODD.filter((one) => one !== name)))).json()) as { error: string }
    assert.match(error, new RegExp(`"${name}" is missing`))
    const csv = await serving.post(PREDICT, `${ODD.filter((one) => one !== name)}\n1,1\n`, { 'content-type': 'text/csv' })
    assert.equal(((await csv.json()) as { code: string }).code, 'column-missing')
  }
})

eachLane('no request changes what other objects inherit', async (testServing) => {
  await using odd = await testServing({ session, releases: [fakeRelease({ signature: SIGNATURE, example: [], settings: { extraColumns: 'ignore' } })] })
  await using plain = await testServing()
  const before = everyObject()
  const evil = '{"polluted":1,"toString":1,"datatype":"FP64"}'
  for (const serving of [odd, plain]) {
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      const bodies = [
        `{"rows":[{"age":35,"${key}":${evil}}]}`,
        `{"rows":[{"age":35,"constructor":{"prototype":${evil}}}],"${key}":${evil}}`,
        `{"rows":[{"age":35}],"parameters":{"${key}":${evil}}}`,
      ]
      for (const body of bodies) await serving.post(PREDICT, body)
      await serving.post(PREDICT, `{"${key}":${evil}}\n`, { 'content-type': 'application/x-ndjson' })
      await serving.post(PREDICT, `age,${key},"${key}.polluted"\n35,1,1\n`, { 'content-type': 'text/csv' })
      await serving.post(INFER, `{"inputs":[{"name":"${key}","shape":[1],"datatype":"FP64","data":[1],"parameters":{"${key}":${evil}}}],"${key}":${evil}}`)
      await serving.post('/invocations', `{"dataframe_records":[{"${key}":${evil}}],"params":{"${key}":${evil}}}`)
      await serving.post('/invocations', `{"inputs":{"${key}":[1]}}`)
    }
  }
  assert.deepEqual(everyObject(), before)
  assert.equal(({} as { polluted?: unknown }).polluted, undefined)
  const text = await (await odd.post(PREDICT, `{"rows":[${ROW}]}`)).text()
  assert.ok(text.includes(`"predictions":${ANSWERS}`), text)
})
