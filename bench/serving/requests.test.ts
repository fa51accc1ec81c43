import assert from 'node:assert/strict'
import { test } from 'node:test'
import { binaryTensors, jsonTensors, oipRow, ROWS, rawTensors, rowRequests, TENSORS } from './requests.ts'

test('a request for a row says all its features, and expects the recorded answer', () => {
  const requests = rowRequests('/x', oipRow)
  assert.equal(requests.length, ROWS.length)
  const [first] = requests
  const { inputs } = JSON.parse(first?.body as string) as { inputs: { name: string; shape: number[]; data: number[] }[] }
  assert.deepEqual(inputs, [{ name: 'features', shape: [1, 30], datatype: 'FP32', data: ROWS[0]?.features }])
  assert.deepEqual(first?.expect, { label: ROWS[0]?.label, probabilities: ROWS[0]?.probabilities })
})

test('a binary tensor stands behind a head of the length that is stated', () => {
  for (const [at, request] of binaryTensors('/x').entries()) {
    const body = Buffer.from(request.body as Uint8Array)
    const length = Number(request.headers?.['Inference-Header-Content-Length'])
    const head = JSON.parse(body.toString('utf8', 0, length)) as { inputs: { shape: number[]; parameters: { binary_data_size: number } }[] }
    assert.equal(head.inputs[0]?.parameters.binary_data_size, 602_112)
    assert.equal(body.length - length, 602_112)
    const tail = body.subarray(length)
    assert.deepEqual(new Float32Array(Uint8Array.from(tail).buffer), TENSORS[at])
    assert.deepEqual(request.expect, { bytes: tail })
  }
})

test('raw and JSON forms carry the same numbers', () => {
  const raw = rawTensors('/x')[1]
  assert.deepEqual(new Float32Array(Uint8Array.from(raw?.body as Uint8Array).buffer), TENSORS[1])
  const json = JSON.parse(jsonTensors('/x')[1]?.body as string) as { inputs: { data: number[] }[] }
  assert.deepEqual(Float32Array.from(json.inputs[0]?.data ?? []), TENSORS[1])
})

test('tensors differ from each other', () => {
  assert.equal(new Set(rawTensors('/x').map(({ body }) => Buffer.from(body as Uint8Array).toString('base64'))).size, TENSORS.length)
})
