import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sampleEvent, sampleRelease } from '../../testing/prediction-events.ts'
import { readFrame } from './block.ts'
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

const requests = (files: MemorySegment[]) => tables(files).flatMap((t) => Array.from(t.vectors[1]!.values, String))

test('appending waits for nothing; what was appended is written soon', async () => {
  const { writer, files } = setUp()
  writer.append(sampleEvent([{ age: 1n }], { id: 'a' }))
  writer.append(sampleEvent([{ age: 2n }], { id: 'b' }))
  assert.equal(files.length, 0)
  await sleep(60)
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
  await sleep(120)
  assert.equal(aged.files[0]!.closed, true)
  await aged.writer[Symbol.asyncDispose]()
})
