import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateRawSync, constants as zlib } from 'node:zlib'
import { UnreadableModel } from '../unreadable.ts'
import { inflate, inflateHead, inflateUpTo } from './inflate.ts'

const noise = (length: number, mask: number) => Uint8Array.from({ length }, (_, i) => ((Math.imul(i + 1, 2654435761) >>> 13) ^ (i >>> 7)) & mask)
const texts = new TextEncoder().encode('{"__class__":"str","__id__":1404'.repeat(900))

const streams = [
  ['nothing', new Uint8Array(0), {}],
  ['one byte', Uint8Array.of(7), {}],
  ['text', texts, { level: 9 }],
  ['noise', noise(70_000, 255), {}],
  ['little noise', noise(200_000, 7), { level: 6 }],
  ['stored blocks', noise(150_000, 255), { level: 0 }],
  ['fixed codes', texts, { strategy: zlib.Z_FIXED }],
  ['one distance only', new Uint8Array(100_000), {}],
  ['Huffman only', texts, { strategy: zlib.Z_HUFFMAN_ONLY }],
] as const

for (const [name, data, options] of streams) {
  test(`unpacks ${name} as zlib packs it`, () => {
    assert.deepEqual(inflate(new Uint8Array(deflateRawSync(data, options)), data.length, 'x'), data)
  })
}

test('refuses a stream that comes to more or less than was said, cut off or of broken codes', () => {
  const packed = new Uint8Array(deflateRawSync(texts))
  const refused = (bytes: Uint8Array, size: number, what: RegExp) =>
    assert.throws(
      () => inflate(bytes, size, 'a.npy'),
      (error) => error instanceof UnreadableModel && error.where === 'a.npy' && what.test(error.message),
    )
  refused(packed, texts.length - 1, /to more than/)
  refused(packed, texts.length + 1, /unpacks to/)
  refused(packed.subarray(0, packed.length - 5), texts.length, /ends too early/)
  refused(Uint8Array.of(0b111), 1, /kind that does not exist/)
  refused(Uint8Array.of(1, 4, 0, 0, 0), 4, /complement/)
  refused(Uint8Array.of(0x03, 0x02, 0), 300, /before its beginning|does not exist|too early|unpacks to/)
})

test('whatever the bytes, it ends with the size said or a refusal', () => {
  const packed = new Uint8Array(deflateRawSync(texts))
  for (let seed = 1; seed < 400; seed += 1) {
    const bytes = packed.slice()
    for (let k = 0; k < 3; k += 1) bytes[(Math.imul(seed * 31 + k, 2654435761) % bytes.length) >>> 0] = (seed * 57 + k * 13) & 255
    try {
      assert.equal(inflate(bytes, texts.length, 'x').length, texts.length)
    } catch (error) {
      assert.ok(error instanceof UnreadableModel)
    }
  }
})

test('unpacks streams of unknown size up to a bound', () => {
  const packed = new Uint8Array(deflateRawSync(texts))
  assert.deepEqual(inflateUpTo(packed, 1 << 20, 'x'), texts)
  assert.deepEqual(inflateUpTo(new Uint8Array(deflateRawSync(new Uint8Array(0))), 10, 'x'), new Uint8Array(0))
  assert.throws(
    () => inflateUpTo(packed, 10_000, 'x'),
    (error) => error instanceof UnreadableModel && error.reason === 'too-large',
  )
})

test('unpacks the beginning of a stream, whatever follows', () => {
  for (const [name, data, options] of streams) {
    const packed = new Uint8Array(deflateRawSync(data, options))
    for (const least of [0, 1, 100, 5000]) assert.deepEqual(inflateHead(packed, least, 'x'), data.slice(0, least), `${name}, ${least} bytes`)
  }
  const packed = new Uint8Array(deflateRawSync(noise(50_000, 255)))
  assert.deepEqual(inflateHead(packed.fill(255, 20_000), 1000, 'x'), noise(50_000, 255).slice(0, 1000))
  assert.throws(() => inflateHead(packed.subarray(0, 500), 1000, 'x'), /ends too early/)
})
