import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:http2'
import { join } from 'node:path'
import { test } from 'node:test'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import type { ModelVersion } from '@fairlead/contract/control'
import { ModelInferRequestSchema, ModelInferResponseSchema } from '../../packages/platform/src/transport/grpc/generated/open_inference_grpc_pb.ts'
import { ROOT } from '../../scripts/files.ts'
import { fairlead, type RunningPlatform, startPlatform } from '../support/platform.ts'

const EXAMPLES = join(ROOT, 'examples/any-model')
const [NAMES = [], ...ROWS] = readFileSync(join(EXAMPLES, 'tumours.csv'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split(','))
const NUMBERS = ROWS.map((row) => row.map(Number))

async function post(url: string, body: unknown): Promise<Record<string, never>> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return JSON.parse(text) as Record<string, never>
}

async function byGrpc(address: string): Promise<number[]> {
  const contents = { fp32Contents: NUMBERS.flat() }
  const request = create(ModelInferRequestSchema, {
    modelName: 'tumour',
    inputs: [{ name: 'features', datatype: 'FP32', shape: [BigInt(NUMBERS.length), BigInt(NAMES.length)], contents }],
  })
  const message = toBinary(ModelInferRequestSchema, request)
  const session = connect(`http://${address}`)
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/inference.GRPCInferenceService/ModelInfer',
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const prefix = Buffer.alloc(5)
    prefix.writeUInt32BE(message.length, 1)
    stream.end(Buffer.concat([prefix, message]))
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    await once(stream, 'close')
    const { outputs, rawOutputContents } = fromBinary(ModelInferResponseSchema, Buffer.concat(chunks).subarray(5))
    const at = outputs.findIndex(({ name }) => name === 'probabilities')
    const raw = rawOutputContents[at]
    return raw ? [...new Float32Array(new Uint8Array(raw).buffer)] : (outputs[at]?.contents?.fp32Contents ?? [])
  } finally {
    session.close()
  }
}

async function run(platform: RunningPlatform, ...args: string[]): Promise<string> {
  const said = await fairlead(platform.data, args)
  assert.equal(said.code, 0, said.stderr)
  return said.stdout
}

test('an XGBoost file is deployed on a new platform and answers the same by rows, tensors and gRPC', async () => {
  await using platform = await startPlatform({ args: ['--processes', '1'] })
  await run(platform, 'models', 'import', join(EXAMPLES, 'tumour.ubj'), '--name', 'tumour', '--as', 'classifier', '--classes', 'malignant,benign')
  const shown = JSON.parse(await run(platform, 'models', 'show', 'tumour', '--json')) as ModelVersion
  assert.equal(shown.facts.runtimes?.chosen, 'compiled')
  assert.match(await run(platform, 'models', 'show', 'tumour'), /compiled \(chosen\) .*µs/)
  await run(platform, 'deploy', 'tumour', '--model', 'tumour')
  const { http, grpc } = platform.run

  const rows = NUMBERS.map((row) => Object.fromEntries(NAMES.map((name, at) => [name, row[at]])))
  const { predictions } = (await post(`${http}/v1/deployments/tumour/predict`, { rows })) as unknown as {
    predictions: { label: string; probabilities: { malignant: number; benign: number } }[]
  }
  assert.deepEqual(
    predictions.map(({ label }) => label),
    ['malignant', 'malignant', 'benign', 'benign', 'benign'],
  )
  const flat = predictions.flatMap(({ probabilities: { malignant, benign } }) => [malignant, benign]).map(Math.fround)

  const inputs = [{ name: 'features', datatype: 'FP32', shape: [5, 30], data: NUMBERS.flat() }]
  const { outputs } = (await post(`${http}/v2/models/tumour/infer`, { inputs })) as unknown as { outputs: { name: string; data: number[] }[] }
  assert.deepEqual(outputs.find(({ name }) => name === 'probabilities')?.data.map(Math.fround), flat)
  assert.deepEqual(await byGrpc(grpc ?? ''), flat)

  // MLflow's wrapper of a classifier answers labels
  const frame = { dataframe_split: { columns: NAMES, data: NUMBERS } }
  const scored = (await post(`${http}/deployments/tumour/invocations`, frame)) as unknown as { predictions: string[] }
  assert.deepEqual(scored.predictions, ['malignant', 'malignant', 'benign', 'benign', 'benign'])
})

test('a setting that names a way which cannot run the model is refused', async () => {
  await using platform = await startPlatform({ args: ['--processes', '1'] })
  await run(platform, 'models', 'import', join(EXAMPLES, 'tumour.lgb'), '--name', 'tumour')
  const said = await fairlead(platform.data, ['deploy', 'tumour', '--model', 'tumour', '--set', 'runtime=onnx', '--json'])
  assert.equal(said.code, 1)
  assert.match(said.stdout, /setting-invalid/)
  assert.match(said.stdout, /format lightgbm cannot run by ONNX Runtime/)
})
