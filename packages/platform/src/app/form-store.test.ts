import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { decodeForm } from '@fairlead/evaluator'
import { coded } from '../testing/fake-inference.ts'
import { temporaryFolder } from '../testing/temporary.ts'
import { FormStore } from './form-store.ts'

const CASES = join(import.meta.dirname, '../../../../test/models/cases/xgboost')
const SMALL = readFileSync(join(CASES, 'xgb-stump/model.json'))
const LARGE = readFileSync(join(CASES, 'xgb-deep/model.json'))
const of = (digest: string, reading = {}) => ({ model: { name: 'm', version: 1, digest: `sha256:${digest}`, format: 'xgboost', reading }, entry: 'model.json' })

test('a file is read once, small ones here and large ones in a thread, and then taken from the folder', async () => {
  assert.ok(SMALL.length < 100_000 && LARGE.length > 100_000, `${SMALL.length}, ${LARGE.length}`)
  await using folder = await temporaryFolder()
  let reads = 0
  for (const [digest, file] of [
    ['a', SMALL],
    ['b', LARGE],
  ] as const) {
    const bytes = async () => {
      reads++
      return new Uint8Array(file)
    }
    const first = await new FormStore(folder.path).bytes(of(digest), bytes)
    const second = await new FormStore(folder.path).bytes(of(digest), bytes)
    assert.deepEqual(decodeForm(second), decodeForm(first))
    assert.equal(decodeForm(first).source.format, 'xgboost')
  }
  assert.equal(reads, 2)
  assert.equal(readdirSync(folder.path).length, 2)
})

test('a kept form that was cut short or changed is made again, and kept', async () => {
  await using folder = await temporaryFolder()
  const store = new FormStore(folder.path)
  let reads = 0
  const file = async () => {
    reads++
    return new Uint8Array(SMALL)
  }
  const whole = await store.bytes(of('a'), file)
  const path = join(folder.path, readdirSync(folder.path)[0]!)
  const changed = Uint8Array.from(whole)
  changed[changed.length - 1]! ^= 1
  for (const damaged of [changed, whole.subarray(0, 100), whole.subarray(0, whole.length - 8), new Uint8Array()]) {
    writeFileSync(path, damaged)
    assert.deepEqual(new Uint8Array(await store.bytes(of('a'), file)), new Uint8Array(whole))
    assert.deepEqual(new Uint8Array(readFileSync(path)), new Uint8Array(whole))
  }
  assert.equal(reads, 5)
  assert.deepEqual(readdirSync(folder.path).length, 1)
})

test('several at once that keep the same form leave one whole file', async () => {
  await using folder = await temporaryFolder()
  const all = await Promise.all(Array.from({ length: 8 }, () => new FormStore(folder.path).bytes(of('a'), async () => new Uint8Array(SMALL))))
  for (const form of all) assert.deepEqual(decodeForm(form), decodeForm(all[0]!))
  assert.equal(readdirSync(folder.path).length, 1)
})

test('what cannot be read says why, from the thread too, and nothing is kept', async () => {
  await using folder = await temporaryFolder()
  const store = new FormStore(folder.path)
  for (const file of [SMALL.subarray(0, 1000), LARGE.subarray(0, 200_000)])
    await assert.rejects(
      store.bytes(of('a'), async () => new Uint8Array(file)),
      coded('model-file-invalid', /model.json/),
    )
  await assert.rejects(
    store.bytes(of('a', { as: 'classifier', classes: ['x'] }), async () => new Uint8Array(LARGE)),
    coded('model-option-invalid', /./),
  )
  assert.deepEqual(readdirSync(folder.path), [])
})

test('a folder that cannot be written costs no answer', async () => {
  await using folder = await temporaryFolder()
  writeFileSync(join(folder.path, 'forms'), 'a file in the way')
  const store = new FormStore(join(folder.path, 'forms'))
  assert.equal(decodeForm(await store.bytes(of('a'), async () => new Uint8Array(SMALL))).version, 1)
})

test('what another version kept, or a kill left half written, is removed, and nothing else', async () => {
  await using folder = await temporaryFolder()
  const store = new FormStore(folder.path)
  await store.bytes(of('a'), async () => new Uint8Array(SMALL))
  const [kept] = readdirSync(folder.path)
  for (const name of ['sha256-a.0.0.1.form', `${kept}.1234.tmp`]) writeFileSync(join(folder.path, name), 'x')
  await store.tidy()
  assert.deepEqual(readdirSync(folder.path), [kept])
  await new FormStore(join(folder.path, 'nowhere')).tidy()
})

test('forms of versions that are gone are removed, and others stay', async () => {
  await using folder = await temporaryFolder()
  const store = new FormStore(folder.path)
  for (const digest of ['a', 'b']) await store.bytes(of(digest), async () => new Uint8Array(SMALL))
  await store.remove(['sha256:a', 'sha256:never'])
  assert.match(readdirSync(folder.path).join(), /^sha256-b\.[^,]*\.form$/)
})
