import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Signature } from '@fairlead/contract'
import type { ModelVersion, PredictionPage } from '@fairlead/contract/control'
import { makeOnnx } from '../../packages/platform/src/model/test-support.ts'
import { fairlead, type RunningPlatform, startPlatform } from '../support/platform.ts'
import { controlOf } from './rig.ts'

const COLUMNS = ['__proto__', 'constructor', 'größe/a b:0'] as const
const ROW = `{"__proto__":1,"constructor":2,"größe/a b:0":3}`
const ANSWER = '{"hasOwnProperty":3,"__proto__":-3}'

/** The sum of the first two columns, and what is below it; names of tensors are not the names of fields. */
function model(): Uint8Array {
  return makeOnnx({
    nodes: [
      { op: 'Add', inputs: [COLUMNS[0], COLUMNS[1]], outputs: ['sum'] },
      { op: 'Sub', inputs: [COLUMNS[2], 'sum'], outputs: ['less'] },
      { op: 'Sub', inputs: ['less', COLUMNS[2]], outputs: ['toString'] },
    ],
    inputs: COLUMNS.map((name) => ({ name, shape: ['N'] })),
    outputs: [
      { name: 'sum', shape: ['N'] },
      { name: 'toString', shape: ['N'] },
    ],
  })
}

async function run(platform: RunningPlatform, ...args: string[]): Promise<string> {
  const said = await fairlead(platform.data, args)
  assert.equal(said.code, 0, said.stderr)
  return said.stdout
}

async function post(url: string, body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Response> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: body as string })
  assert.equal(response.status, 200, await response.clone().text())
  return response
}

/** The log of a deployment, once it has so many rows. */
async function loggedRows(platform: RunningPlatform, deployment: string, rows: number): Promise<PredictionPage> {
  for (let tries = 0; ; tries++) {
    const page = await controlOf(platform).call('listPredictions', { params: { deployment }, query: { limit: 100 } })
    if (page.items.length === rows) return page
    assert.ok(tries < 200 && page.items.length < rows, `${page.items.length} rows in the log`)
    await sleep(100)
  }
}

test('a model whose columns and outputs are called as what every object has is imported, deployed, asked, and logged', async () => {
  await using platform = await startPlatform({ args: ['--processes', '1'] })
  const folder = join(platform.data, 'odd')
  mkdirSync(folder)
  writeFileSync(join(folder, 'model.onnx'), model())
  writeFileSync(join(folder, 'signature.yaml'), 'outputs:\n  - { tensor: sum, name: hasOwnProperty }\n  - { tensor: toString, name: __proto__ }\n')
  writeFileSync(join(folder, 'golden.json'), `{"rows":[${ROW}],"predictions":[${ANSWER}]}`)
  await run(
    platform,
    'models',
    'import',
    join(folder, 'model.onnx'),
    '--name',
    'odd',
    '--signature',
    join(folder, 'signature.yaml'),
    '--golden',
    join(folder, 'golden.json'),
  )
  const shown = JSON.parse(await run(platform, 'models', 'show', 'odd', '--json')) as ModelVersion
  assert.deepEqual(
    shown.signature.columns.map(({ name }) => name),
    COLUMNS.slice(),
  )
  assert.equal(shown.goldenRowCount, 1)
  assert.match(await run(platform, 'models', 'show', 'odd'), /__proto__/)

  // by both ways to run it, and by a worker thread
  for (const [at, set] of [['runtime=onnx'], ['runtime=compiled'], ['runtime=onnx', 'execution=worker']].entries()) {
    const name = `odd-${at}`
    await run(platform, 'deploy', name, '--model', 'odd', ...set.flatMap((one) => ['--set', one]))
    const url = `${platform.run.http}/v1/deployments/${name}/predict`
    for (let again = 0; again < 2; again++) assert.ok((await (await post(url, `{"rows":[${ROW}]}`)).text()).includes(`"predictions":[${ANSWER}]`))
    const csv = await post(url, `${COLUMNS}\n1,2,3\n`, { 'content-type': 'text/csv', accept: 'text/csv' })
    assert.equal((await csv.text()).replaceAll('\r', ''), 'hasOwnProperty,__proto__\n3,-3\n')
    for (const type of ['arrow.stream', 'parquet'].map((form) => `application/vnd.apache.${form}`))
      assert.ok((await (await post(url, `{"rows":[${ROW}]}`, { accept: type })).arrayBuffer()).byteLength > 100)
    const inputs = COLUMNS.map((column, k) => ({ name: column, shape: [1], datatype: 'FP32', data: [k + 1] }))
    const { outputs } = (await (await post(`${platform.run.http}/v2/models/${name}/infer`, JSON.stringify({ inputs }))).json()) as {
      outputs: { name: string; data: number[] }[]
    }
    assert.deepEqual(
      outputs.map((output) => [output.name, output.data]),
      [
        ['sum', [3]],
        ['toString', [-3]],
      ],
    )

    const page = await loggedRows(platform, name, 6)
    const columnOf = (role: string, ending: string) => page.columns.find((column) => column.role === role && column.name.endsWith(ending))?.name ?? ''
    for (const item of page.items) {
      assert.deepEqual(
        COLUMNS.map((column) => item[columnOf('input', column)]),
        [1, 2, 3],
      )
      assert.deepEqual([item[columnOf('output', 'hasOwnProperty')], item[columnOf('output', '__proto__')]], [3, -3])
    }
  }

  const predicted = await run(platform, 'predict', 'odd-0', '--row', ROW, '--json')
  assert.ok(predicted.includes('"__proto__": -3') || predicted.includes('"__proto__":-3'), predicted)
  assert.match(await run(platform, 'predict', 'odd-0', '--row', ROW), /-3/)
  assert.match(await run(platform, 'types', 'odd-0'), /__proto__: number/)
  assert.match(await run(platform, 'logs', 'odd-0', '--format', 'csv'), /__proto__/)
  const { signature } = (await (await fetch(`${platform.run.http}/v1/deployments/odd-0`)).json()) as { signature?: Signature }
  assert.ok(signature === undefined || signature.columns[0]?.name === '__proto__')
})
