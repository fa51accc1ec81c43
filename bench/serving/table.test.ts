import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Contender } from './contender.ts'
import type { Block, Round } from './measure.ts'
import { lines, serversTable } from './table.ts'

const round = (perSecond: number, more: Partial<Round> = {}): Round => ({ requests: 100, perSecond, p50: 1500, p99: 9000, busy: 0.5, wrong: 0, ...more })

const contender = (name: string, bar?: number): Contender => ({
  name,
  title: name.toUpperCase(),
  settings: '',
  install: async () => {},
  start: () => Promise.reject(new Error('not in this test')),
  faces: { row: { requests: [], marker: '' } },
  ...(bar === undefined ? {} : { bars: { 'row-32': bar } }),
})

const ALL = [contender('echo'), contender('fairlead'), contender('slow', 5), contender('fast', 1)]

const block = (about: string, sides: Record<string, Round[]>): Block => ({
  load: 'row-32',
  about,
  sides: Object.entries(sides).map(([name, rounds]) => ({ name, rounds })),
})

test('ratios are those of one round, and the middle of them', () => {
  const blocks = [block('slow', { echo: [round(100), round(400)], fairlead: [round(80), round(200)], slow: [round(10), round(40)] })]
  const found = lines(blocks, 'row-32', ALL)
  assert.deepEqual(
    found.lines.map(({ name }) => name),
    ['echo', 'fairlead', 'slow'],
  )
  const [, ours, slow] = found.lines
  assert.equal(ours?.ofEcho, 0.65)
  assert.equal(ours?.oursIs, undefined)
  assert.equal(slow?.perSecond, 25)
  assert.equal(slow?.ofEcho, 0.1)
  assert.equal(slow?.oursIs, 6.5)
  assert.deepEqual([slow?.bar, slow?.kept], [5, true])
})

test('rounds of ours beside all servers count together; each server is measured against its own', () => {
  const blocks = [
    block('slow', { echo: [round(100)], fairlead: [round(80)], slow: [round(20)] }),
    block('fast', { echo: [round(50)], fairlead: [round(40)], fast: [round(60)] }),
  ]
  const found = lines(blocks, 'row-32', ALL).lines
  assert.equal(found.find(({ name }) => name === 'fairlead')?.perSecond, 60)
  const fast = found.find(({ name }) => name === 'fast')
  assert.ok(Math.abs((fast?.oursIs ?? 0) - 2 / 3) < 1e-9)
  assert.equal(fast?.kept, false)
})

test('processor time is compared where it is known', () => {
  const known = lines([block('slow', { fairlead: [round(80, { micros: 20 })], slow: [round(20, { micros: 200 })] })], 'row-32', ALL).lines
  assert.deepEqual(
    known.map(({ micros, oursNeeds }) => [micros, oursNeeds]),
    [
      [20, undefined],
      [200, 0.1],
    ],
  )
  assert.equal(lines([block('slow', { slow: [round(20)] })], 'row-32', ALL).lines[0]?.micros, undefined)
})

test('a server that failed is said with its reason, and what it did before still counts', () => {
  const blocks = [block('slow', { echo: [round(100)], fairlead: [], slow: [round(20)] })]
  for (const side of blocks[0]?.sides ?? []) if (side.name !== 'echo') side.failure = `status 500\nby ${side.name}`
  const found = lines(blocks, 'row-32', ALL)
  assert.deepEqual(
    found.failures.map(({ name }) => name),
    ['fairlead', 'slow'],
  )
  assert.deepEqual(
    found.lines.map(({ name, oursIs }) => [name, oursIs]),
    [
      ['echo', undefined],
      ['slow', undefined],
    ],
  )
  assert.match(serversTable('row-32', found), /- SLOW: no figures, or not all: status 500 by slow/)
})

test('the table says rate, ratios, bar and latencies; a generator that was the limit is marked', () => {
  const sides = { echo: [round(20_000, { busy: 0.97 })], fairlead: [round(30_000)], slow: [round(3_000, { p99: 12_345, micros: 250 })] }
  const text = serversTable('row-32', lines([block('slow', sides)], 'row-32', ALL))
  assert.match(text, /### One row, 32 connections/)
  assert.match(text, /\| ECHO \| ≥ 20,000 \| 1\.00 × \|/)
  assert.match(text, /\| SLOW \| 3,000 \| 0\.150 × \| 10\.0 × \| ≥ 5\.00 yes \| 1\.50 \| 12\.3 \| 0\.729 × \| 250 \| {2}\|/)
})
