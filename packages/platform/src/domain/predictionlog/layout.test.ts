import assert from 'node:assert/strict'
import { test } from 'node:test'
import { releaseSettings } from '@fairlead/contract/control'
import { sampleEvent, sampleRelease } from '../../testing/prediction-events.ts'
import { completed, type ServableRelease } from '../inference/index.ts'
import { decodePayload, encodeFrame, readFrame } from './block.ts'
import { widen } from './columns.ts'
import { decodeBlock } from './decode.ts'
import { BLOCK_FORMAT, encodeBlock, LISTED_FORMAT } from './encode.ts'
import { layoutOf } from './layout.ts'

/** Columns of the events by name, the log's own left out. */
function flat(...events: Parameters<typeof sampleEvent>[1][]): Record<string, unknown[]> {
  const made = events.map((over) => sampleEvent([{ age: 40n }, { age: 41n }], over))
  const frame = readFrame(encodeBlock(made, 0), 0)
  assert.equal(frame.kind, 'data')
  const table = decodeBlock((frame as { payload: Buffer }).payload)
  return Object.fromEntries(table.vectors.filter((v) => v.column.role !== 'log').map((v) => [v.column.name, v.read(0, table.rows)]))
}

function wide(over: Partial<ServableRelease> = {}): ServableRelease {
  const base = sampleRelease(over)
  const columns = ['a', 'b', 'c'].map((name, index) => ({ name, type: 'float32' as const, tensor: 'x', index }))
  return { ...base, signature: { ...base.signature, inputs: [{ name: 'x', type: 'float32', shape: [-1, 3] }], columns } }
}

const x = { x: { type: 'float32' as const, shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) } }

test('columns of one wide tensor lie side by side', () => {
  const columns = flat({ release: wide(), inputs: x })
  assert.deepEqual(
    [columns.a, columns.b, columns.c],
    [
      [1, 4],
      [2, 5],
      [3, 6],
    ],
  )
})

test('redacted columns are null and their values are nowhere in the block', () => {
  const settings = releaseSettings.parse({ logRedact: ['b', 'probabilities'] })
  const release = wide({ settings })
  const columns = flat({ release, inputs: x })
  assert.deepEqual(
    [columns.a, columns.b, columns.c],
    [
      [1, 4],
      [null, null],
      [3, 6],
    ],
  )
  assert.deepEqual(columns.probabilities_good, [null, null])
  const hidden = Float32Array.of(1.2345678)
  const inputs = { x: { ...x.x, data: Float32Array.of(7.6543211, hidden[0]!, 3, 4, hidden[0]!, 6) } }
  const outputs = {
    ...sampleEvent([{ age: 1n }]).answer.outputs,
    probabilities: { type: 'float32' as const, shape: [2, 2], data: new Float32Array(4).fill(hidden[0]!) },
  }
  const frame = encodeBlock([sampleEvent([{ age: 1n }, { age: 1n }], { release, inputs, outputs })], 0)
  assert.equal(frame.includes(Buffer.from(Float32Array.of(7.6543211).buffer)), true, 'what is not redacted is found in this way')
  assert.equal(frame.includes(Buffer.from(hidden.buffer)), false)

  const text = sampleRelease({ settings: releaseSettings.parse({ logRedact: ['purpose'] }) })
  const secret = encodeBlock([sampleEvent([{ age: 1n, purpose: 'secret' }], { release: text })], 0)
  assert.equal(secret.includes('secret'), false)
  assert.deepEqual(flat({ release: text }).purpose, [null, null])
})

test('nulls of tensors become nulls, and a tensor that a request left out too', () => {
  const base = sampleEvent([{ age: 1n }, { age: 2n }]).request.inputs
  const inputs = { ...base, income: { ...base.income!, nulls: Uint8Array.of(0, 1) } }
  const { purpose: _, ...without } = base
  const columns = flat({ inputs }, { inputs: without })
  assert.deepEqual(columns.income, [0.5, null, 0.5, 0.5])
  assert.deepEqual(columns.purpose, ['car', 'car', null, null])
})

test('labels carry class names, decide fields and lists are columns', () => {
  const base = sampleRelease()
  const signature = {
    ...base.signature,
    outputs: [...base.signature.outputs, { name: 'parts', type: 'float16' as const, shape: [-1, -1] }],
    fields: [...base.signature.fields, { name: 'parts', kind: 'values' as const, type: 'float16' as const, tensor: 'parts' }],
  }
  const steps = [{ model: {} }, { decide: { field: 'decision', label: 'review', when: 'age > 3', otherwise: null } }]
  const release = completed(sampleRelease({ signature, pipeline: steps }))
  const outputs = {
    ...sampleEvent([{ age: 1n }, { age: 2n }]).answer.outputs,
    parts: { type: 'float16' as const, shape: [2, 2], data: Uint16Array.of(0x3c00, 0xc000, 0x7c00, 0x0001) },
    decision: { type: 'string' as const, shape: [2], data: ['review', ''], nulls: Uint8Array.of(0, 1) },
  }
  const columns = flat({ release, outputs })
  assert.deepEqual(columns.label, ['good', 'bad'])
  assert.deepEqual(columns.decision, ['review', null])
  assert.deepEqual(columns.parts, [
    [1, -2],
    [Number.POSITIVE_INFINITY, 2 ** -24],
  ])
})

test('an output with the name of an input, and an input with a name of the log, are told apart', () => {
  const base = sampleRelease()
  const columns = ['label', 'LABEL', '_id'].map((name) => ({ name, type: 'int64' as const, tensor: name }))
  const layout = layoutOf(sampleRelease({ signature: { ...base.signature, columns } }))
  const names = layout.sources.map(({ column }) => column.name)
  assert.deepEqual(names, ['label', 'LABEL_2', 'input__id', 'prediction_label', 'probabilities_bad', 'probabilities_good'])
})

test('whole-number columns in a tensor of floats are whole numbers, and null where NaN marks a missing value', () => {
  const base = wide()
  const columns = base.signature.columns.map((c) => ({ ...c, type: 'int64' as const }))
  const inputs = { x: { ...x.x, data: Float32Array.of(1, Number.NaN, 3, 4, 5, 6) } }
  const result = flat({ release: { ...base, signature: { ...base.signature, columns } }, inputs })
  assert.deepEqual(result.b, [null, 5n])
})

test('a block that is cut, changed, or of a newer format is not read', () => {
  const frame = encodeBlock([sampleEvent([{ age: 1n }])], 0)
  assert.equal(readFrame(frame.subarray(0, frame.length - 1), 0).kind, 'torn')
  assert.equal(readFrame(frame.subarray(0, 3), 0).kind, 'torn')
  for (const at of [0, 9, 30, frame.length - 1]) {
    const changed = Buffer.from(frame)
    changed[at] = changed[at]! ^ 4
    assert.equal(readFrame(changed, 0).kind, 'bad', `byte ${at}`)
  }
  const newer = readFrame(encodeFrame({ format: BLOCK_FORMAT + 1 }, []), 0)
  assert.throws(() => decodeBlock((newer as { payload: Buffer }).payload), new RegExp(`format ${BLOCK_FORMAT + 1}`))
})

test('names of requests are packed where they are ASCII and lists elsewhere, as all were before', () => {
  const events = ['a', 'ä/"', '', 'a longer one'].map((id) => sampleEvent([{ age: 1n }, { age: 2n }], { id }))
  const own = (frame: Buffer) => {
    const table = decodeBlock((readFrame(frame, 0) as { payload: Buffer }).payload)
    return { packed: table.vectors[1]!.packed !== undefined, rows: table.vectors.slice(0, 3).map((vector) => vector.read(0, table.rows)) }
  }
  const ascii = events.filter((_, i) => i !== 1)
  const names = (list: typeof events) => list.flatMap(({ request: { id } }) => [id, id])
  for (const [list, packed] of [
    [ascii, true],
    [events, false],
  ] as const) {
    const found = own(encodeBlock(list, 0))
    assert.equal(found.packed, packed)
    assert.deepEqual(found.rows[1], names(list))
    assert.deepEqual(
      found.rows[0],
      names(list).map((name, i) => `${name}/${i % 2}`),
    )
  }
  const { head, arrays } = decodePayload((readFrame(encodeBlock(events, 0), 0) as { payload: Buffer }).payload)
  const listed = encodeFrame({ ...head, format: LISTED_FORMAT, interfaces: events.map(() => 'rows'), callers: events.map((_, i) => `key:${i}`) }, arrays)
  const table = decodeBlock((readFrame(listed, 0) as { payload: Buffer }).payload)
  assert.deepEqual(table.vectors[1]!.read(0, 8), names(events))
  assert.deepEqual(table.vectors[8]!.same, { value: 'rows' })
  assert.deepEqual(table.vectors[9]!.read(0, 8), ['key:0', 'key:0', 'key:1', 'key:1', 'key:2', 'key:2', 'key:3', 'key:3'])
})

test('types widen without losing whole numbers', () => {
  assert.equal(widen('int32', 'uint16'), 'int64')
  assert.equal(widen('int64', 'uint64'), 'string')
  assert.equal(widen('uint8', 'uint64'), 'uint64')
  assert.equal(widen('float32', 'int8'), 'float64')
  assert.equal(widen('bool', 'int8'), 'string')
})
