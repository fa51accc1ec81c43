import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FairleadError } from '@fairlead/contract'
import type { BatchParts } from './buffers.ts'
import { Dictionary } from './dictionary.ts'
import { FlatTable } from './flatbuffer.ts'
import type { ArrowField } from './schema.ts'
import { readVector, type Vector } from './vectors.ts'

const TEXTS: ArrowField = { name: 'a', type: 'utf8View', bits: 0, signed: false, listSize: 0, dense: false, children: [], dictionary: undefined }

/** A column of views: of short texts, and of places in one long text. */
function views(rows: readonly (string | [from: number, size: number])[], long: string): Uint8Array[] {
  const bytes = Buffer.alloc(rows.length * 16)
  for (const [row, value] of rows.entries()) {
    const [from, size] = typeof value === 'string' ? [0, value.length] : value
    bytes.writeUInt32LE(size, row * 16)
    if (typeof value === 'string') bytes.write(value, row * 16 + 4)
    else bytes.writeUInt32LE(from, row * 16 + 12)
  }
  return [new Uint8Array(0), bytes, Buffer.from(long)]
}

/** The parts of one batch of that column, in which `room` bytes more may be read than it has. */
function partsOf(buffers: Uint8Array[], rows: number, room: number): BatchParts {
  const left = [...buffers]
  let free = room
  return {
    node: () => ({ length: rows, nulls: 0 }),
    variadic: () => buffers.length - 2,
    buffer: () => left.shift(),
    grow(bytes: number) {
      free -= bytes
      if (free < 0) throw new RangeError('no room')
    },
  } as unknown as BatchParts
}

test('views give short and long texts, and no row a text that lies outside', () => {
  const long = 'a text of more than twelve letters'
  const read = readVector(TEXTS, partsOf(views(['short', [0, long.length], [2, 13], [30, 20]], long), 4, 1000), new Map())
  assert.deepEqual(
    [0, 1, 2].map((row) => read.at(row)),
    ['short', long, long.slice(2, 15)],
  )
  assert.throws(() => read.at(3), /outside of its column/)
})

test('many rows that point at one long text take room for each', () => {
  const long = 'x'.repeat(1000)
  const rows = Array.from({ length: 50 }, (): [number, number] => [0, 1000])
  assert.equal(readVector(TEXTS, partsOf(views(rows, long), 50, 50_000), new Map()).at(49), long)
  assert.throws(() => readVector(TEXTS, partsOf(views(rows, long), 50, 49_999), new Map()), RangeError)
})

test('a dictionary may come in very many parts, and each of its values is read once', () => {
  const dictionary = new Dictionary()
  let reads = 0
  const part = (length: number, base: number): Vector => ({ length, at: (row) => `${base + row}#${++reads}` })
  for (let i = 0; i < 50_000; i++) dictionary.add(part(2, i * 2))
  assert.equal(dictionary.length, 100_000)
  for (const place of [0, 1, 99_999, 50_001, 0, 99_999]) assert.match(String(dictionary.at(place)), new RegExp(`^${place}#`))
  assert.equal(reads, 4)
})

test('a list of metadata is no longer than may be read', () => {
  const bytes = Buffer.alloc(64)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // root at 12, whose vtable at 4 says that field 0 lies 4 bytes behind; it points at a vector of 3 tables, each the root again
  view.setUint32(0, 12, true)
  view.setUint16(4, 6, true)
  view.setUint16(6, 8, true)
  view.setUint16(8, 4, true)
  view.setInt32(12, 8, true)
  view.setUint32(16, 8, true)
  view.setUint32(24, 3, true)
  for (const at of [28, 32, 36]) view.setUint32(at, (12 - at) >>> 0, true)
  const root = FlatTable.root(bytes)
  assert.throws(
    () => root.tables(0, 2),
    (error: FairleadError) => error.code === 'table-invalid' && /a list of 3 entries, at most 2/.test(error.message),
  )
})
