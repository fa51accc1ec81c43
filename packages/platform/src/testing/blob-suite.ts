import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ErrorCode, FairleadError } from '@fairlead/contract'
import type { BlobInventory, BlobStore } from '../domain/registry/ports.ts'
import { sha256 } from '../kernel/digest.ts'

/** What the suite needs of an adapter: an empty store, and ways to damage what it holds. */
export interface BlobRig extends AsyncDisposable {
  store: BlobStore & BlobInventory
  /** Changes one byte of the stored content behind the store's back. */
  damage(digest: string): Promise<void>
  /** Number of unfinished writes that lie about. */
  leftovers(): Promise<number>
}

/** Pieces as a stream. */
export async function* pieces(...parts: (string | Uint8Array)[]): AsyncIterable<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? Buffer.from(part) : part
}

/** The whole of a stream. */
export async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of source) parts.push(part)
  return Buffer.concat(parts)
}

/** A check that an error is the platform's, with this code. */
export function hasCode(code: ErrorCode, ...parts: string[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof FairleadError, `not a FairleadError: ${String(error)}`)
    assert.equal(error.code, code, error.message)
    for (const part of parts) assert.ok(error.message.includes(part), `"${error.message}" does not name ${part}`)
    return true
  }
}

async function listed(store: BlobInventory): Promise<string[]> {
  const all: string[] = []
  for await (const digest of store.list()) all.push(digest)
  return all.sort()
}

/** The conformance suite that every adapter of `BlobStore` passes. */
export function blobSuite(name: string, makeRig: () => Promise<BlobRig>): void {
  const check = (title: string, work: (rig: BlobRig) => Promise<void>) =>
    test(`${name}: ${title}`, async () => {
      await using rig = await makeRig()
      await work(rig)
    })

  check('content comes back by its digest, whole and in pieces', async ({ store }) => {
    const put = await store.put(pieces('ab', '', 'c'))
    assert.deepEqual(put, { digest: sha256('abc'), size: 3 })
    assert.equal(Buffer.from(await store.read(put.digest)).toString(), 'abc')
    assert.equal((await collect(store.open(put.digest))).toString(), 'abc')
    assert.equal(await store.has(put.digest), true)
  })

  check('an empty file and one of many pieces', async ({ store }) => {
    const empty = await store.put(pieces())
    assert.deepEqual(empty, { digest: sha256(''), size: 0 })
    assert.equal((await store.read(empty.digest)).length, 0)
    const part = Buffer.alloc(100_003, 7)
    const large = await store.put(pieces(...Array.from({ length: 30 }, () => part)))
    assert.equal(large.size, 3_000_090)
    assert.equal(sha256(await collect(store.open(large.digest))), large.digest)
  })

  check('the same content is stored once, also when put at the same time', async ({ store, leftovers }) => {
    const puts = await Promise.all(Array.from({ length: 8 }, () => store.put(pieces('same'))))
    assert.equal(new Set(puts.map((put) => put.digest)).size, 1)
    assert.deepEqual(await listed(store), [sha256('same')])
    assert.equal(await leftovers(), 0)
  })

  check('what is not there is missing', async ({ store }) => {
    const absent = sha256('absent')
    assert.equal(await store.has(absent), false)
    await assert.rejects(store.read(absent), hasCode('blob-missing', absent))
    await assert.rejects(collect(store.open(absent)), hasCode('blob-missing', absent))
    await store.remove(absent)
  })

  check('removed content is gone', async ({ store }) => {
    const { digest } = await store.put(pieces('x'))
    await store.put(pieces('y'))
    await store.remove(digest)
    assert.equal(await store.has(digest), false)
    assert.deepEqual(await listed(store), [sha256('y')])
  })

  check('damage is found by both ways of reading, and mended by putting again', async ({ store, damage }) => {
    const { digest } = await store.put(pieces('precious'))
    await damage(digest)
    await assert.rejects(store.read(digest), hasCode('blob-corrupt', digest))
    await assert.rejects(collect(store.open(digest)), hasCode('blob-corrupt', digest))
    await store.put(pieces('precious'))
    assert.equal(Buffer.from(await store.read(digest)).toString(), 'precious')
  })

  check('a source that fails, one past the limit and an aborted one leave nothing', async ({ store, leftovers }) => {
    async function* failing(): AsyncIterable<Uint8Array> {
      yield Buffer.from('a')
      throw new Error('the line broke')
    }
    const abort = new AbortController()
    async function* slow(): AsyncIterable<Uint8Array> {
      yield Buffer.from('a')
      abort.abort(new Error('given up'))
      yield Buffer.from('b')
    }
    await assert.rejects(store.put(failing()), /the line broke/)
    await assert.rejects(store.put(pieces('12345', '6'), { limit: 5 }), hasCode('body-too-large', '5 bytes'))
    await assert.rejects(store.put(slow(), { signal: abort.signal }), /given up/)
    assert.deepEqual(await store.put(pieces('12345'), { limit: 5 }), { digest: sha256('12345'), size: 5 })
    assert.deepEqual(await listed(store), [sha256('12345')])
    assert.equal(await leftovers(), 0)
  })

  check('a reader may stop early', async ({ store }) => {
    const { digest } = await store.put(pieces(Buffer.alloc(2_000_000)))
    for await (const _ of store.open(digest)) break
    await store.remove(digest)
  })

  check('what is not a digest is refused', async ({ store }) => {
    for (const bad of ['', 'abc', 'sha256:../../../../etc/passwd', `sha256:${'A'.repeat(64)}`]) {
      await assert.rejects(store.read(bad), hasCode('request-invalid'))
      await assert.rejects(store.remove(bad), hasCode('request-invalid'))
    }
  })
}
