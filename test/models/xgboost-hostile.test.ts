import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkForm } from '../../packages/evaluator/src/form/check/index.ts'
import { readXGBoost, UnreadableModel } from '../../packages/evaluator/src/index.ts'
import { modelBytes, modelCase } from './load.ts'

/** Real files that together have every part of the format. */
const FILES = [
  'xgb-cat-frame-strings',
  'xgb-cat-partition',
  'xgb-multi-output-tree',
  'xgb-dart-forest',
  'xgb-gblinear-multi',
  'xgb-early-stopping',
  'xgb17-categorical',
  'xgb-cat-frame-ints',
]
const SECONDS = 6

/** The same numbers below `most` in every run. */
function generator(seed: number): (most: number) => number {
  let state = seed
  return (most) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0
    return ((state ^ (state >>> 13)) >>> 0) % most
  }
}

type Random = (most: number) => number
const ascii = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0))
const TOKENS = [
  '-1',
  '0',
  '99999999999',
  '1e999',
  'NaN',
  '[',
  ']',
  '{',
  '}',
  '"',
  ',',
  'null',
  '[$N#L',
  '[$l#L',
  'S',
  'L\u007f\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff',
  '#',
].map(ascii)

function splice(file: Uint8Array, { at, remove, put }: { at: number; remove: number; put: Uint8Array }): Uint8Array {
  return new Uint8Array(Buffer.concat([file.subarray(0, at), put, file.subarray(at + remove)]))
}

/** Half of the changes go to the ends, where all but the trees is. */
function placeIn(file: Uint8Array, random: Random): number {
  if (random(2) === 0) return random(file.length)
  const near = Math.min(file.length - 1, random(1_500))
  return random(2) === 0 ? near : file.length - 1 - near
}

/** One to three changes: a bit, a byte, a piece cut out, a piece put twice, a token in the wrong place, another digit. */
function mutate(file: Uint8Array, random: Random): Uint8Array {
  let changed: Uint8Array = file.slice()
  for (let times = 1 + random(3); times > 0; times--) {
    const at = placeIn(changed, random)
    const kind = random(6)
    if (kind === 0) changed[at]! ^= 1 << random(8)
    else if (kind === 1) changed[at] = random(256)
    else if (kind === 2) changed = splice(changed, { at, remove: 1 + random(40), put: new Uint8Array() })
    else if (kind === 3) changed = splice(changed, { at, remove: 0, put: changed.slice(at, at + 1 + random(40)) })
    else if (kind === 4) changed = splice(changed, { at, remove: random(4), put: TOKENS[random(TOKENS.length)]! })
    else changed[at] = 0x30 + random(10)
  }
  return changed
}

test('thousands of changed files are read as sound models or refused, and nothing else', () => {
  const random = generator(20_260)
  const files = FILES.flatMap((id) => modelCase(id).files.map(({ path }) => ({ name: `${id} ${path}`, bytes: modelBytes(modelCase(id), path) })))
  const found = { read: 0, refused: 0 }
  const until = performance.now() + SECONDS * 1000
  for (let round = 0; round < 400 && performance.now() < until; round++) {
    for (const { name, bytes } of files) {
      const changed = mutate(bytes, random)
      try {
        checkForm(readXGBoost(changed, round % 2 === 0 ? {} : { iterations: 'best' }))
        found.read++
      } catch (error) {
        assert.ok(error instanceof UnreadableModel, `round ${round} of ${name}: ${error instanceof Error ? error.stack : error}`)
        found.refused++
      }
    }
  }
  assert.ok(found.read > 20 && found.refused > 100, JSON.stringify(found))
})

test('a real file cut off anywhere is refused', () => {
  const random = generator(7)
  for (const id of FILES) {
    for (const { path } of modelCase(id).files) {
      const bytes = modelBytes(modelCase(id), path)
      for (let times = 0; times < 40; times++) {
        const length = random(bytes.length)
        assert.throws(() => readXGBoost(bytes.subarray(0, length)), UnreadableModel, `${id} ${path}, ${length} bytes`)
      }
    }
  }
})
