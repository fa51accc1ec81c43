import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { DataType, Signature } from '@fairlead/contract'
import { onnxRuntime } from '../../../adapters/onnx/index.ts'
import { parquetFormat } from '../../../adapters/parquet/index.ts'
import type { Session, Tensors } from '../../../domain/inference/index.ts'
import { fakeRelease } from '../../../testing/fake-model.ts'
import { testServing } from '../testing/serving.ts'

/** An exchange with a real `mlflow models serve` of MLflow 3.17.2, and what a server must do that is to be compatible. */
interface Transcript {
  id: string
  model: string
  request: { method: string; path: string; headers: Record<string, string>; body: string | null; body_base64?: string }
  response: { status: number; body: string }
  contract: string
}

const TRANSCRIPTS = readFileSync(new URL('testdata/transcripts.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Transcript)

const NO_PARAMETERS = 'no model has parameters yet, so `params` are left alone as MLflow does for models without them'

/** Exchanges that are answered in another way than recorded, with the status that they get, and why. */
const DIFFERENT: Record<string, [status: number, reason: string]> = {
  'head-ping': [200, 'HEAD is what GET is, without its body'],
  'ct-case': [200, 'media types are the same in any case'],
  'ct-none': [415, 'a missing content type is no fault of the server'],
  'unknown-path': [404, 'the error has the form of the platform'],
  'params-valid': [200, NO_PARAMETERS],
  'params-all': [200, NO_PARAMETERS],
  'params-unknown': [200, NO_PARAMETERS],
  'params-wrong-type': [200, NO_PARAMETERS],
  'params-double-for-long': [200, NO_PARAMETERS],
  'params-scalar-for-list': [200, NO_PARAMETERS],
  'params-list-for-scalar': [200, NO_PARAMETERS],
  'params-list': [200, NO_PARAMETERS],
  'params-bad-datetime': [200, NO_PARAMETERS],
}

interface Subject {
  signature: Signature
  session: Session
  /** The answer in the form of the recorded model, of which the fake has the numbers only. */
  shown(predictions: unknown): unknown
  /** What of the recorded answer is compared. */
  wanted(predictions: unknown): unknown
}

function sessionOf(run: (inputs: Tensors) => Tensors): Session {
  return { run: async (inputs) => run(inputs), runSync: run, [Symbol.asyncDispose]: async () => {} }
}

function signatureOf(columns: Signature['columns'], output: string): Signature {
  const inputs = columns.map(({ name, type, shape = [] }) => ({ name, type, shape: [-1, ...shape] }))
  const outputs = [{ name: output, type: 'float64' as const, shape: [-1] }]
  return { task: 'other', inputs, outputs, columns, fields: [{ name: output, kind: 'value', type: 'float64', tensor: output }] }
}

function column(name: string, type: DataType, more: object = {}): Signature['columns'][number] {
  return { name, type, tensor: name, ...more }
}

function doubles(name: string, values: number[]): Tensors {
  return { [name]: { type: 'float64', shape: [values.length], data: new Float64Array(values) } }
}

function sumOf(values: ArrayLike<number | bigint | string>, from = 0, to = values.length): number {
  let sum = 0
  for (let i = from; i < to; i++) sum += Number(values[i])
  return sum
}

async function subjects(): Promise<Record<string, Subject>> {
  const bytes = readFileSync(new URL('../../../model/testdata/mlflow/v3-onnx-tensor/model.onnx', import.meta.url))
  const iris: Signature = {
    task: 'classification',
    inputs: [{ name: 'X', type: 'float32', shape: [-1, 4] }],
    outputs: [
      { name: 'label', type: 'int64', shape: [-1] },
      { name: 'probabilities', type: 'float32', shape: [-1, 3] },
    ],
    columns: [column('X', 'float32', { shape: [4] })],
    fields: [],
  }
  return {
    'v3-params': {
      signature: signatureOf([column('a', 'int64'), column('b', 'float64'), column('s', 'string', { optional: true })], 'y'),
      session: sessionOf(({ a, b }) =>
        doubles(
          'y',
          Array.from({ length: a!.data.length }, (_, i) => Number(a!.data[i]) + Number(b!.data[i])),
        ),
      ),
      shown: (predictions) => (predictions as { y: number }[]).map(({ y }) => y),
      wanted: (predictions) => predictions,
    },
    'v3-tensor-unnamed': {
      signature: signatureOf([column('three', 'float32', { shape: [3] })], 'y'),
      session: sessionOf(({ three }) =>
        doubles(
          'y',
          Array.from({ length: three!.shape[0]! }, (_, i) => sumOf(three!.data, i * 3, i * 3 + 3)),
        ),
      ),
      shown: (predictions) => (predictions as { y: number[] }).y,
      wanted: (predictions) => (predictions as { y: number[] }).y,
    },
    'v3-tensor-named': {
      signature: signatureOf([column('image', 'uint8', { shape: [2, 2] }), column('scale', 'float64')], 'total'),
      session: sessionOf(({ image, scale }) =>
        doubles(
          'total',
          Array.from({ length: scale!.data.length }, (_, i) => Number(scale!.data[i]) * sumOf(image!.data, i * 4, i * 4 + 4)),
        ),
      ),
      shown: (predictions) => (predictions as { total: number[] }).total,
      wanted: (predictions) => (predictions as { total: number[] }).total,
    },
    'v3-onnx-tensor': {
      signature: iris,
      session: await onnxRuntime().open({ format: 'onnx', bytes, signature: iris }),
      shown: rounded,
      wanted: rounded,
    },
  }
}

/** The last digits depend on the processor. */
function rounded(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, inner) => (typeof inner === 'number' ? Number(inner.toPrecision(5)) : inner))
}

/** MLflow writes NaN and the infinities as bare words. */
function parsed(text: string): unknown {
  return JSON.parse(text.replace(/-?\b(?:NaN|Infinity)\b/g, '"$&"'))
}

function checkError({ id, response, contract }: Transcript, text: string): void {
  if (response.status === 415 || !response.body.includes('error_code')) return
  const ours = JSON.parse(text) as { error_code: string; message: string }
  const theirs = JSON.parse(response.body) as { error_code: string }
  if (contract !== 'a 4xx') assert.equal(ours.error_code, theirs.error_code, `${id}: ${ours.message}`)
  const prefix = /prefix `([^`]+)/.exec(contract)?.[1]
  const part = /contains `([^`]+)/.exec(contract)?.[1]
  if (prefix !== undefined) assert.ok(ours.message.startsWith(prefix), `${id}: ${ours.message}`)
  if (part !== undefined) assert.ok(ours.message.includes(part), `${id}: ${ours.message}`)
}

test('recorded exchanges with MLflow are answered as it answered them', async () => {
  let compared = 0
  for (const [model, { signature, session, shown, wanted }] of Object.entries(await subjects())) {
    await using serving = await testServing({ session, tables: [parquetFormat], releases: [fakeRelease({ signature, example: [] })] })
    for (const transcript of TRANSCRIPTS.filter((one) => one.model === model)) {
      const { id, request, response } = transcript
      const body = request.body_base64 === undefined ? request.body : Buffer.from(request.body_base64, 'base64')
      for (const base of ['', '/deployments/credit']) {
        const answer = await fetch(`${serving.url}${base}${request.path}`, {
          method: request.method,
          headers: { 'user-agent': 'mlflow-python-client/3.17.2', ...request.headers },
          ...(request.method === 'GET' || request.method === 'HEAD' ? {} : { body: body === null ? null : Buffer.from(body) }),
        })
        const text = await answer.text()
        const different = DIFFERENT[id]
        assert.equal(answer.status, different?.[0] ?? response.status, `${id}: ${text}`)
        if (different) continue
        if (answer.status === 200 && request.path === '/invocations')
          assert.deepEqual(
            shown((parsed(text) as { predictions: unknown }).predictions),
            wanted((parsed(response.body) as { predictions: unknown }).predictions),
            id,
          )
        else if (answer.status === 200) assert.equal(text, response.body, id)
        else checkError(transcript, text)
        compared++
      }
    }
    assert.deepEqual(serving.errors, [])
  }
  assert.equal(compared, 2 * (TRANSCRIPTS.length - Object.keys(DIFFERENT).length))
})
