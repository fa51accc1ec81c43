import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { crc32 as zlibs } from 'node:zlib'
import { formOf, randomTrees } from '../../testing/random.ts'
import { UnreadableModel } from '../../unreadable.ts'
import type { Form } from '../form.ts'
import { crc32 } from './crc32.ts'
import { decodeForm } from './decode.ts'
import { digestForm } from './digest.ts'
import { encodeForm } from './encode.ts'

const trees = randomTrees({ seed: 5, trees: 4, features: 3, splits: 6, outputs: 2, compare: 'f64', sum: 'f64' })

const form: Form = {
  ...formOf(trees),
  inputs: [
    {
      name: 'x',
      type: 'f64',
      width: 3,
      columns: [{ name: 'größe' }, { name: '__proto__', categories: { values: ['NaN', '', '\ud800', '"\\'], unseen: 'missing' } }, { name: 'c' }],
      required: [2],
    },
  ],
  steps: [
    { op: 'replace', of: [0], what: Number.NaN, with: [-0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] },
    { op: 'trees', of: [1], trees },
    { op: 'argmax', of: [2], last: false },
    { op: 'choose', of: [3], labels: [0, 1], to: 'text' },
  ],
  outputs: [{ name: 'label', value: 4, role: 'label', rank: 1 }],
  texts: ['gut', 'schlecht'],
}

test("bytes of Node's buffers, which lie anywhere in memory of others, are read alike", () => {
  const bytes = encodeForm(form)
  const whole = decodeForm(bytes)
  for (const offset of [0, 1, 7]) {
    const around = Buffer.alloc(bytes.length + 20)
    around.set(bytes, offset)
    assert.deepEqual(decodeForm(around.subarray(offset, offset + bytes.length)), whole)
  }
})

function refusal(bytes: Uint8Array): string {
  try {
    decodeForm(bytes)
  } catch (error) {
    assert.ok(error instanceof UnreadableModel, error instanceof Error ? error.stack : String(error))
    return error.message
  }
  return assert.fail('it was read')
}

/** Bytes with a changed head, and a frame that is right again. */
function rewritten(change: (head: string) => string | Uint8Array, more = 0): Uint8Array {
  const bytes = encodeForm(form)
  const length = new DataView(bytes.buffer).getUint32(12, true)
  const changed = change(new TextDecoder().decode(bytes.subarray(32, 32 + length)))
  const head = typeof changed === 'string' ? new TextEncoder().encode(changed) : changed
  const sections = bytes.subarray(Math.ceil((32 + length) / 8) * 8)
  const at = Math.ceil((32 + head.length) / 8) * 8
  return framed(bytes, { head, sections, size: at + sections.length + more, at })
}

function framed(bytes: Uint8Array, { head, sections, size, at }: { head: Uint8Array; sections: Uint8Array; size: number; at: number }): Uint8Array {
  const file = new Uint8Array(size)
  file.set(bytes.subarray(0, 32))
  file.set(head, 32)
  file.set(sections, at)
  const view = new DataView(file.buffer)
  view.setUint32(12, head.length, true)
  view.setBigUint64(16, BigInt(size), true)
  view.setUint32(24, zlibs(file.subarray(32)), true)
  return file
}

test('a form comes back with every number, text and array as it was', () => {
  const again = decodeForm(encodeForm(form))
  assert.deepEqual(again, form)
  const [step] = again.steps
  assert.ok(step?.op === 'replace' && Object.is(step.with[0], -0) && Number.isNaN(step.what))
  assert.equal(again.inputs[0]!.columns![1]!.name, '__proto__')
})

test('bytes that lie anywhere in a larger buffer are read, and share no memory with the form', () => {
  const bytes = encodeForm(form)
  const larger = new Uint8Array(bytes.length + 3)
  larger.set(bytes, 3)
  const again = decodeForm(larger.subarray(3))
  larger.fill(255)
  assert.deepEqual(again, form)
})

test('the order of fields, and fields that are undefined, make no other bytes', async () => {
  const turned = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
    if (Array.isArray(value)) return value.map(turned)
    return Object.fromEntries([
      ...Object.entries(value)
        .reverse()
        .map(([key, field]) => [key, turned(field)]),
    ])
  }
  assert.deepEqual(encodeForm(turned(form) as Form), encodeForm(form))
  assert.equal(await digestForm(turned(form) as Form), await digestForm(form))
})

test('the digest is the SHA-256 of the bytes', async () => {
  assert.equal(await digestForm(form), `sha256:${createHash('sha256').update(encodeForm(form)).digest('hex')}`)
  assert.notEqual(await digestForm({ ...form, texts: ['gut', 'böse'] }), await digestForm(form))
})

test('the checksum is the CRC-32 of zip', () => {
  for (let length = 0; length < 40; length++) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 73 + length) & 255)
    assert.equal(crc32(bytes), zlibs(bytes))
  }
})

test('a form that is not sound is not written', () => {
  assert.throws(() => encodeForm({ ...form, outputs: [] }), /outputs: are none/)
})

test('bytes cut off anywhere, or with any byte changed, are refused', () => {
  const bytes = encodeForm(form)
  for (let length = 0; length < bytes.length; length++) refusal(bytes.subarray(0, length))
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice()
    changed[at]! ^= 1 << (at % 8)
    refusal(changed)
  }
  assert.match(refusal(new TextEncoder().encode('{}')), /this is not a serialised form/)
  const later = bytes.slice()
  later[8] = 2
  assert.match(refusal(later), /the container has version 2; 1 is read/)
})

test('heads that lie under a right checksum are refused', () => {
  assert.match(refusal(rewritten(() => '{')), /head: is not JSON/)
  assert.match(refusal(rewritten(() => Uint8Array.of(0x22, 0xff, 0x22))), /head: is not JSON in UTF-8/)
  assert.match(refusal(rewritten(() => '['.repeat(100_000))), /head: is more than 12 deep/)
  assert.match(refusal(rewritten(() => `[${'[],'.repeat(4_000_001)}[]]`)), /more than 4000000 lists/)
  const asking = (length: string) => refusal(rewritten((head) => head.replace('"$":"i32","length":40}', `"$":"i32","length":${length}}`)))
  assert.match(refusal(rewritten((head) => head.replace('"$":"i32"', '"$":"constructor"'))), /stands for no array: "constructor"/)
  assert.match(refusal(rewritten((head) => head.replace('"zero":0', '"zero":1e999'))), /trees.zero: is Infinity/)
  assert.match(refusal(rewritten((head) => head.replace('"op":"argmax"', '"op":"exec"'))), /"exec" is not known/)
  assert.match(refusal(rewritten((head) => head, 8)), /8 bytes are left over/)
  assert.match(asking('39'), /^sections: byte \d+ between them is not zero/)
})
