import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Entry, makeZip } from '../testing/zip.ts'
import { UnreadableModel, type UnreadableReason } from '../unreadable.ts'
import { Zip } from './zip.ts'

const open = (...entries: Entry[]) => new Zip(makeZip(entries))

function refused(run: () => unknown, reason: UnreadableReason, what: RegExp): void {
  assert.throws(run, (error) => error instanceof UnreadableModel && error.reason === reason && what.test(error.message))
}

test('gives members as they were, stored or packed', () => {
  const zip = open({ name: 'schema.json', data: '{"a":1}' }, { name: 'deep/é.npy', data: 'abc'.repeat(1000), deflate: true })
  assert.deepEqual(zip.names(), ['schema.json', 'deep/é.npy'])
  assert.equal(new TextDecoder().decode(zip.read('schema.json')), '{"a":1}')
  assert.equal(zip.read('deep/é.npy').length, 3000)
  assert.equal(zip.has('other'), false)
  refused(() => zip.read('other'), 'malformed', /no such member/)
})

test('finds the directory before a comment, and in a view of a larger buffer', () => {
  const zip = makeZip([{ name: 'a', data: 'x' }])
  const padded = new Uint8Array(zip.length + 40)
  padded.set(zip, 10)
  assert.deepEqual(new Zip(padded.subarray(10, padded.length - 5)).names(), ['a'])
})

test('refuses names that climb, are absolute or stand twice', () => {
  for (const name of ['../a', 'a/../../b', '/etc/passwd', 'a\\b', 'C:x', 'a\0b', '']) refused(() => open({ name, data: '' }), 'malformed', /leaves the archive/)
  refused(() => open({ name: 'a', data: '1' }, { name: 'a', data: '2' }), 'malformed', /twice/)
})

test('refuses members that lie', () => {
  refused(() => open({ name: 'a', data: 'abc', lies: { size: 4 } }), 'malformed', /two sizes/)
  refused(() => open({ name: 'a', data: 'abc', lies: { size: 9999, packed: 9999 } }), 'malformed', /beyond the archive/)
  refused(() => open({ name: 'a', data: 'abc', lies: { crc: 1 } }).read('a'), 'malformed', /checksum/)
  refused(() => open({ name: 'a', data: 'abc' }, { name: 'b', data: 'abc', lies: { offset: 0 } }), 'malformed', /another name|shares/)
  refused(() => open({ name: 'a', data: 'abc', lies: { localName: 'b' } }), 'malformed', /another name/)
  refused(() => open({ name: 'a', data: 'abc', lies: { offset: 5 } }), 'malformed', /not where/)
  refused(() => open({ name: 'a', data: 'abc'.repeat(99), deflate: true, lies: { size: 5 } }).read('a'), 'malformed', /to more than/)
})

test('refuses what cannot be unpacked: encryption, other methods', () => {
  refused(() => open({ name: 'a', data: 'abc', lies: { flags: 1 } }), 'unsupported', /encrypted/)
  refused(() => open({ name: 'a', data: 'abc', lies: { method: 14 } }), 'unsupported', /method 14/)
})

test('refuses an archive that would unpack to far more than it is', () => {
  refused(() => open({ name: 'bomb', data: new Uint8Array(40 << 20), deflate: true }), 'too-large', /unpacks to more/)
  refused(() => open({ name: 'a', data: 'x', deflate: true, lies: { size: 0xfffffffe } }), 'too-large', /unpacks to more/)
})

test('refuses what is cut off or no archive at all', () => {
  const zip = makeZip([{ name: 'schema.json', data: '{}' }])
  for (let length = 0; length < zip.length; length += 1) refused(() => new Zip(zip.subarray(0, length)), 'malformed', /./)
  refused(() => new Zip(new TextEncoder().encode('tree\nversion=v4\n')), 'malformed', /no directory/)
})

test('whatever single byte is changed, it is read or refused', () => {
  const zip = makeZip([
    { name: 'schema.json', data: '{}' },
    { name: 'b', data: 'abc'.repeat(50), deflate: true },
  ])
  for (let at = 0; at < zip.length; at += 1) {
    for (const value of [0, 1, 127, 255]) {
      const bytes = zip.slice()
      bytes[at] = value
      try {
        const opened = new Zip(bytes)
        for (const name of opened.names()) opened.read(name)
      } catch (error) {
        assert.ok(error instanceof UnreadableModel, String(error))
      }
    }
  }
})
