import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { readModel } from './index.ts'
import { loadableOnnx } from './onnx/loadable.ts'
import { listing, mlflowFiles, onnxFile } from './test-support.ts'

const SEED = 20_260_101
const ROUNDS = 60
/** Processor time of one reading, in milliseconds. */
const MOST_MS = 1000
/** Numbers at which readers of different widths part. */
const ODD = [0n, 1n, 127n, 128n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n, 2n ** 32n + 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]

/** Numbers below `most`, the same for the same seed (mulberry32). */
function random(seed: number): (most: number) => number {
  let state = seed
  return (most) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * most)
  }
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = []
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 128n) return Uint8Array.from([...bytes, Number(rest)])
    bytes.push(Number(rest & 127n) | 128)
  }
}

/** A few changes of a kind that files meet: bytes changed, cut, doubled, put elsewhere, and numbers at the edge of their width. */
function mutated(bytes: Uint8Array, below: (most: number) => number): Uint8Array {
  let changed = Buffer.from(bytes)
  // lengths that no longer fit end a reading early, so half of the files keep theirs
  const kinds = below(2) === 0 ? 2 : 6
  for (let left = 1 + below(3); left > 0; left -= 1) {
    const at = below(changed.length)
    const end = Math.min(changed.length, at + 1 + below(64))
    const kind = below(kinds)
    if (kind === 0) changed[at] = below(256)
    else if (kind === 1) changed[at]! ^= 1 << below(8)
    else if (kind === 2) changed = Buffer.concat([changed.subarray(0, at), changed.subarray(end)])
    else if (kind === 3) changed = Buffer.concat([changed.subarray(0, end), changed.subarray(at)])
    else if (kind === 4) changed = Buffer.concat([changed.subarray(0, at), varint(ODD[below(ODD.length)]!), changed.subarray(at + 1)])
    else changed = changed.subarray(0, Math.max(1, at))
    if (changed.length === 0) return Uint8Array.of(0)
  }
  return new Uint8Array(changed)
}

async function outcome(read: () => unknown, what: string): Promise<string> {
  const start = process.cpuUsage()
  let code = 'read'
  try {
    await read()
  } catch (error) {
    assert.ok(error instanceof FairleadError, `${what}: ${error instanceof Error ? error.stack : error}`)
    assert.notEqual(error.code, 'internal', what)
    code = error.code
  }
  const { user, system } = process.cpuUsage(start)
  assert.ok((user + system) / 1000 < MOST_MS, `${what} took ${(user + system) / 1000} ms`)
  return code
}

test('whatever becomes of a model file, it is read or refused, and soon', async () => {
  const below = random(SEED)
  const outcomes = new Map<string, number>()
  const names = readdirSync(join(import.meta.dirname, 'testdata/onnx')).filter((name) => name.endsWith('.onnx'))
  assert.ok(names.length > 3)
  for (const name of names) {
    const whole = onnxFile(name.replace(/\.onnx$/, ''))
    for (let round = 0; round < ROUNDS; round += 1) {
      const bytes = mutated(whole, below)
      const what = `${name}, round ${round} of seed ${SEED}`
      const code = await outcome(() => readModel(listing({ 'model.onnx': bytes, 'weights.bin': new Uint8Array(8320) })), what)
      outcomes.set(code, (outcomes.get(code) ?? 0) + 1)
      await outcome(() => loadableOnnx(bytes), what)
    }
  }
  assert.ok((outcomes.get('read') ?? 0) > names.length, 'some are read')
  assert.ok((outcomes.get('model-file-invalid') ?? 0) > names.length, 'some are refused')
})

test('whatever becomes of an MLmodel file, it is read or refused, and soon', async () => {
  const below = random(SEED)
  const files = mlflowFiles('credit-risk')
  for (let round = 0; round < 4 * ROUNDS; round += 1) {
    const MLmodel = mutated(files.MLmodel as Uint8Array, below)
    await outcome(() => readModel(listing({ ...files, MLmodel })), `MLmodel, round ${round} of seed ${SEED}`)
  }
})
