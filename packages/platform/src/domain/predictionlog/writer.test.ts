import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freeMemory } from '../../kernel/memory.ts'
import { sampleEvent, sampleRelease } from '../../testing/prediction-events.ts'
import { encodeFrame, readFrame } from './block.ts'
import { decodeBlock, type LogTable } from './decode.ts'
import type { SegmentFile } from './segment.ts'
import { SegmentLogWriter } from './writer.ts'

class MemorySegment implements SegmentFile {
  bytes = Buffer.alloc(0)
  syncs = 0
  closed = false
  full = false
  async write(bytes: Uint8Array[]): Promise<void> {
    await sleep(1)
    if (this.full) {
      this.bytes = Buffer.concat([this.bytes, bytes[0]!.subarray(0, 10)])
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    }
    this.bytes = Buffer.concat([this.bytes, ...bytes])
  }
  async sync(): Promise<void> {
    await sleep(2)
    this.syncs++
  }
  async truncate(length: number): Promise<void> {
    this.bytes = this.bytes.subarray(0, length)
  }
  async close(): Promise<void> {
    this.closed = true
  }
  async discard(): Promise<void> {}
}

function setUp(options: Partial<ConstructorParameters<typeof SegmentLogWriter>[0]> = {}) {
  const files: MemorySegment[] = []
  const state = { full: false }
  const segments = {
    create: async () => {
      const file = new MemorySegment()
      file.full = state.full
      files.push(file)
      return file
    },
  }
  const writer = new SegmentLogWriter({ segments, writer: 'w', flushMs: 20, ...options })
  return { writer, files, state }
}

function tables(files: MemorySegment[]): LogTable[] {
  const result: LogTable[] = []
  for (const { bytes } of files) {
    let at = 0
    for (let frame = readFrame(bytes, at); frame.kind === 'data'; frame = readFrame(bytes, at)) {
      result.push(decodeBlock(frame.payload))
      at = frame.end
    }
  }
  return result
}

const requests = (files: MemorySegment[]) => tables(files).flatMap((t) => t.vectors[1]!.read(0, t.rows).map(String))

test('appending waits for nothing; what was appended is written soon', async () => {
  const { writer, files } = setUp()
  writer.append(sampleEvent([{ age: 1n }], { id: 'a' }))
  writer.append(sampleEvent([{ age: 2n }], { id: 'b' }))
  assert.equal(files.length, 0)
  for (let tries = 0; tries < 200 && writer.counters.rows < 2; tries++) await sleep(20)
  assert.deepEqual(requests(files), ['a', 'b'])
  assert.equal(writer.counters.rows, 2)
  assert.equal(files[0]!.syncs, 0, 'nobody waited for the disk')
  await writer[Symbol.asyncDispose]()
  assert.equal(files[0]!.closed, true)
})

test('all who wait share one flush of the disk', async () => {
  const { writer, files } = setUp()
  const waits = Array.from({ length: 20 }, (_, i) => {
    writer.append(sampleEvent([{ age: 1n }], { id: `r${i}` }))
    return writer.synced()
  })
  await Promise.all(waits)
  assert.equal(requests(files).length, 20)
  assert.equal(files[0]!.syncs, 1)
  await writer[Symbol.asyncDispose]()
})

test('who waits is answered only when the rows are written, also when they were appended before', async () => {
  const { writer, files } = setUp({ flushRows: 4 })
  for (let i = 0; i < 50; i++) writer.append(sampleEvent([{ age: 1n }], { id: `r${i}` }))
  await writer.synced()
  assert.equal(requests(files).length, 50)
  await writer[Symbol.asyncDispose]()
})

test('a full disk: who waits is refused, others go on, rows are counted, and later ones are whole', async () => {
  const drops: number[] = []
  const { writer, files, state } = setUp({ onDrop: (rows) => drops.push(rows) })
  writer.append(sampleEvent([{ age: 1n }], { id: 'before' }))
  await writer.synced()
  files[0]!.full = true
  state.full = true
  writer.append(sampleEvent([{ age: 1n }, { age: 2n }], { id: 'lost' }))
  await assert.rejects(writer.synced(), { code: 'log-unavailable', message: /ENOSPC/ })
  assert.equal(writer.counters.dropped, 2)
  assert.deepEqual(drops, [2])
  state.full = false
  writer.append(sampleEvent([{ age: 1n }], { id: 'after' }))
  await writer.synced()
  assert.deepEqual(requests(files), ['before', 'after'])
  await writer[Symbol.asyncDispose]()
})

test('when the disk does not keep up, memory is bounded', async () => {
  const { writer } = setUp({ maxRows: 10, flushMs: 5000 })
  for (let i = 0; i < 15; i++) writer.append(sampleEvent([{ age: 1n }]))
  assert.equal(writer.counters.dropped, 5)
  await assert.rejects(writer.synced(), { code: 'log-unavailable' })
  await writer[Symbol.asyncDispose]()
  assert.equal(writer.counters.rows, 10)
})

test('a segment closes at its size and at its age, and releases and hours lie in blocks of their own', async () => {
  const { writer, files } = setUp({ segmentBytes: 2000 })
  for (let i = 0; i < 5; i++) {
    writer.append(sampleEvent([{ age: 1n }], { release: sampleRelease({ number: 1 + (i % 2) }), time: 7_200_000 + i * 1_800_000 }))
    await writer.synced()
  }
  assert.ok(files.length >= 2 && files[0]!.closed)
  await writer[Symbol.asyncDispose]()
  assert.deepEqual(
    tables(files).map((t) => [t.release, t.hour]),
    [
      [1, 2],
      [2, 2],
      [1, 3],
      [2, 3],
      [1, 4],
    ],
  )
  const aged = setUp({ segmentMs: 30, flushMs: 1 })
  aged.writer.append(sampleEvent([{ age: 1n }]))
  for (let tries = 0; !aged.files[0]?.closed && tries < 1000; tries++) await sleep(5)
  assert.equal(aged.files[0]?.closed, true)
  await aged.writer[Symbol.asyncDispose]()
})

/** A release that answers lists beside its class. */
function listRelease() {
  const { signature } = sampleRelease()
  const outputs = [...signature.outputs, { name: 'parts', type: 'float32' as const, shape: [-1, -1] }]
  return sampleRelease({
    signature: { ...signature, outputs, fields: [...signature.fields, { name: 'parts', kind: 'values', type: 'float32', tensor: 'parts' }] },
  })
}

const withLists = listRelease()

function partsEvent(rows: number, width: number, id: string) {
  const event = sampleEvent(
    Array.from({ length: rows }, () => ({ age: 1n })),
    { id, release: withLists },
  )
  const parts = { type: 'float32' as const, shape: [rows, width], data: new Float32Array(rows * width).fill(0.5) }
  return { ...event, answer: { ...event.answer, outputs: { ...event.answer.outputs, parts } } }
}

const partsOf = (files: MemorySegment[]) => tables(files).flatMap((t) => t.vectors.find((v) => v.column.name === 'parts')!.read(0, t.rows))

test('lists that are too large for the log are null, in a row and in a request; the rows and all else stay, and it is told', async () => {
  const told: unknown[] = []
  const { writer, files } = setUp({ onOmit: (rows, columns) => told.push([rows, columns]) })
  writer.append(partsEvent(1, 1_000_000, 'long'))
  writer.append(partsEvent(1000, 5000, 'many'))
  writer.append(partsEvent(2, 3, 'fits'))
  await writer.synced()
  assert.deepEqual(new Set(requests(files)), new Set(['long', 'many', 'fits']))
  const parts = partsOf(files)
  assert.equal(parts.length, 1003)
  assert.deepEqual(parts.slice(0, 1001), new Array(1001).fill(null))
  assert.deepEqual(parts.slice(1001), [
    [0.5, 0.5, 0.5],
    [0.5, 0.5, 0.5],
  ])
  assert.ok(files[0]!.bytes.length < 1 << 20, `${files[0]!.bytes.length} bytes`)
  assert.deepEqual(told, [[1, ['parts']]])
  assert.equal(writer.counters.omitted, 1001)
  await writer[Symbol.asyncDispose]()
})

test('a text of many megabytes is left out of its row, and short ones beside it stay', async () => {
  const { writer, files } = setUp()
  writer.append(sampleEvent([{ age: 1n, purpose: 'x'.repeat(3 << 20) }], { id: 'long' }))
  writer.append(sampleEvent([{ age: 1n, purpose: 'car' }], { id: 'short' }))
  await writer.synced()
  const purposes = tables(files).flatMap((t) => t.vectors.find((v) => v.column.name === 'purpose')!.read(0, t.rows))
  assert.deepEqual(purposes, [null, 'car'])
  await writer[Symbol.asyncDispose]()
})

test('a row is named by its prediction, and keeps what the caller calls the request', async () => {
  const { writer, files } = setUp()
  const called = (id: string, requestId?: string) => {
    const event = sampleEvent([{ age: 1n }], { id, time: 7_200_000 })
    return { ...event, request: { ...event.request, requestId } }
  }
  for (const event of [called('a', 'retry'), called('b', 'retry'), called('c')]) writer.append(event)
  await writer[Symbol.asyncDispose]()
  const column = (at: number) => tables(files).flatMap((t) => t.vectors[at]!.read(0, t.rows).map(String))
  assert.deepEqual(
    [column(0), column(1)],
    [
      ['a/0', 'b/0', 'c/0'],
      ['retry', 'retry', 'c'],
    ],
  )
})

test('values wait within a bound of bytes, whatever their rows; what is more is dropped, and told to who waits for it', async () => {
  const { writer, files } = setUp({ maxBytes: 100_000, flushBytes: 40_000, flushMs: 60_000 })
  const large = () => sampleEvent([{ age: 1n, purpose: 'x'.repeat(30_000) }], { time: 7_200_000 })
  for (let i = 0; i < 6; i++) writer.append(large())
  await assert.rejects(writer.synced(), { code: 'log-unavailable' })
  assert.equal(writer.counters.dropped, 2)
  await writer[Symbol.asyncDispose]()
  assert.deepEqual(
    tables(files).map((t) => t.rows),
    [1, 1, 1, 1],
    'each write stays within its bytes',
  )
  assert.equal(writer.counters.rows, 4)
})

test('a block that readers would take for damage is not written', () => {
  // as long as it would have to be, without the memory
  const endless = Object.defineProperty(new Float64Array(0), 'byteLength', { value: 2 ** 30 })
  assert.throws(() => encodeFrame({}, [endless]), /too large for the log/)
})

test('large numbers are copied, because their memory goes back when the request is answered', async () => {
  const { writer, files } = setUp()
  const event = partsEvent(10, 10_000, 'large')
  writer.append(event)
  freeMemory(event.answer.outputs.parts.data.buffer)
  await writer.synced()
  assert.deepEqual(
    partsOf(files).map((list) => [(list as number[]).length, (list as number[])[9999]]),
    Array.from({ length: 10 }, () => [10_000, 0.5]),
  )
  await writer[Symbol.asyncDispose]()
})
