import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Signature } from '@fairlead/contract'
import { fakePlatform, problem, runFairlead } from './testing/fake-platform.ts'
import { temporaryFolder } from './testing/folder.ts'
import { sampleVersion } from './testing/samples.ts'
import { typeOf, widthOf } from './wide-columns.ts'

const WIDE: Signature = {
  task: 'regression',
  inputs: [{ name: 'X', type: 'float32', shape: [-1, 4] }],
  outputs: [{ name: 'y', type: 'float32', shape: [-1, 2] }],
  columns: [{ name: 'X', type: 'float32', tensor: 'X', shape: [4] }],
  fields: [{ name: 'values', kind: 'values', type: 'float32', tensor: 'y', shape: [2] }],
}

test('a shape is shown with its type, and only a list of fixed length has a width', () => {
  assert.deepEqual(
    [{}, { shape: [] }, { shape: [4] }, { shape: [-1, 3] }].map((shaped) => typeOf({ type: 'float32', ...shaped })),
    ['float32', 'float32', 'float32[4]', 'float32[?,3]'],
  )
  assert.deepEqual(
    [{}, { shape: [1] }, { shape: [4] }, { shape: [-1] }, { shape: [2, 2] }].map((shaped) => widthOf(shaped)),
    [undefined, undefined, 4, undefined, undefined],
  )
})

test('import and show tell the width of a tensor, and what to do with it', async () => {
  const version = sampleVersion({ signature: WIDE })
  await using platform = await fakePlatform({
    'POST /uploads': () => ({ status: 201, json: { upload: 'u1', expiresAt: 'x' } }),
    'PUT /uploads/u1/files/*': () => ({ status: 201, json: { path: 'x', digest: 'sha256:0', size: 1 } }),
    'POST /models/iris/versions': () => ({ status: 201, json: { created: true, version } }),
    'GET /resolve': () => ({ json: version }),
  })
  await using folder = await temporaryFolder({ 'm.onnx': 'x' })
  const at = ['--url', platform.url, '--token', 'secret']
  const imported = await runFairlead(['models', 'import', folder.at('m.onnx'), '--name', 'iris', ...at])
  assert.match(imported.stdout, / {2}inputs {5}X float32\[4\]\n/)
  assert.match(imported.stderr, /note: X takes 4 numbers; name them with --signature, or send \{"X": \[\.\.\]\}\n/)
  const shown = await runFairlead(['models', 'show', 'iris:3', ...at])
  assert.match(shown.stdout, /\nX +float32\[4\] +–/)
  assert.match(shown.stdout, /\nvalues +float32\[2\] +y/)
})

test('predict says so when a table has the values of the wide tensor under names of its own', async () => {
  let url = ''
  await using platform = await fakePlatform({
    'GET /status': () => ({ json: { addresses: { control: url, http: url, grpc: null } } }),
    'GET /deployments/iris/signature': () => ({ json: { signature: WIDE, example: [] } }),
    'POST /v1/deployments/iris/predict': () => problem(422, 'column-unknown', 'Row 0 has a column "a" that the signature lacks.'),
  })
  url = platform.url
  await using folder = await temporaryFolder({ 'four.csv': 'a,b,c,d\n1,2,3,4\n', 'three.csv': 'a,b,c\n1,2,3\n', 'named.csv': 'X,b,c,d\n1,2,3,4\n' })
  const ask = (file: string) => runFairlead(['predict', 'iris', '--file', folder.at(file), '--url', url])
  const four = await ask('four.csv')
  assert.equal(four.code, 1)
  assert.match(four.stderr, /lacks\. The rows have 4 columns, and X takes 4 numbers; name them with --signature, or send \{"X": \[\.\.\]\}\.\n/)
  for (const file of ['three.csv', 'named.csv']) assert.doesNotMatch((await ask(file)).stderr, /takes 4/)
})
