import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fails, listing } from '../test-support.ts'
import { parseMlmodel } from './mlmodel.ts'
import { readServingExample } from './serving-example.ts'

async function example(info: object | undefined, files: Record<string, string>, folder = '') {
  const model = parseMlmodel(new TextEncoder().encode(JSON.stringify({ flavors: {}, saved_input_example_info: info })), 'MLmodel')
  return readServingExample(listing(files), model, folder)
}

const FRAME = '{"columns": ["a"], "data": [[1]]}'

test('a request that is ready is taken as it is, named or not', async () => {
  const body = '{"dataframe_split": {"columns": ["a"], "data": [[NaN]]}}'
  assert.deepEqual(await example({ serving_input_path: 'req.json', artifact_path: 'in.json', type: 'dataframe' }, { 'req.json': body, 'in.json': FRAME }), {
    path: 'req.json',
    body,
  })
  assert.deepEqual(await example(undefined, { 'm/serving_input_example.json': body }, 'm'), { path: 'm/serving_input_example.json', body })
})

test('older directories have the input alone, which is sent by its kind', async () => {
  const input = async (type: string, text: string, params?: unknown) => {
    const made = await example({ artifact_path: 'in.json', type, ...(params === undefined ? {} : { params }) }, { 'in.json': text })
    return made && JSON.parse(made.body)
  }
  assert.deepEqual(await input('dataframe', FRAME), { dataframe_split: JSON.parse(FRAME) })
  assert.deepEqual(await input('ndarray', '[[1, 2]]'), { inputs: [[1, 2]] })
  assert.deepEqual(await input('json_object', '"text"'), { inputs: 'text' })
  assert.deepEqual(await input('dataframe', `{"inputs": ${FRAME}, "params": {"k": 1}}`, 'true'), { dataframe_split: JSON.parse(FRAME), params: { k: 1 } })
  assert.deepEqual(await input('ndarray', '{"x": [1]}', 'true'), { inputs: { x: [1] } })
  assert.equal(await input('sparse_matrix_csr', '{"data": []}'), undefined)
})

test('none, too large ones and paths that leave the directory', async () => {
  assert.equal(await example(undefined, {}), undefined)
  assert.equal(await example({ artifact_path: 'in.json', type: 'dataframe' }, {}), undefined)
  assert.equal(await example({ serving_input_path: 'req.json' }, { 'req.json': ' '.repeat(5_000_001) }), undefined)
  await assert.rejects(example({ serving_input_path: '../req.json' }, {}), fails('model-path-escapes'))
})
