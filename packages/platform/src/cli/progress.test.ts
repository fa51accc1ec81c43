import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { Output } from './output.ts'
import { Progress } from './progress.ts'

function progressOn(tty: boolean, quiet = false): { progress: Progress; written: string[] } {
  const written: string[] = []
  const sink = { isTTY: tty, columns: 60, write: (chunk: string | Uint8Array) => written.push(String(chunk)) > 0 }
  const output = new Output({ stdin: new PassThrough(), stdout: sink, stderr: sink, env: { NO_COLOR: '1' }, cwd: '/' }, { json: false, quiet, color: true })
  return { progress: new Progress(output), written }
}

test('a log gets one line a step, whatever the share', () => {
  const { progress, written } = progressOn(false)
  for (const share of [0.1, 0.2, 0.3]) progress.update('loading', share)
  progress.update('checking', null)
  for (const sent of [0, 10, 20]) progress.transfer({ what: 'sending a', size: 12 }, sent, 20)
  progress.end()
  assert.deepEqual(written, ['loading\n', 'checking\n', 'sending a (12 B)\n'])
})

test('a log of long work stays short', () => {
  const { progress, written } = progressOn(false)
  for (let rows = 0; rows < 1000; rows++) progress.update(`${rows} rows`, null)
  assert.deepEqual([written.length, written[0], written.at(-1)], [20, '0 rows\n', '19 rows\n'])
})

test('a terminal gets a bar that overwrites itself, fits its width, and is gone at the end', () => {
  const { progress, written } = progressOn(true)
  progress.update(`loading ${'x'.repeat(100)}`, 0.5)
  progress.transfer({ what: 'sending', size: 2000 }, 1000, 2000)
  progress.end()
  assert.ok(written[0]?.startsWith('\r'))
  assert.ok((written[0]?.length ?? 0) <= 60 + 5)
  assert.match(written[0] ?? '', /…$/)
  assert.match(written[1] ?? '', /sending 1 kB of 2 kB/)
  assert.match(written[2] ?? '', /\[2K$/)
})

test('quiet means nothing at all', () => {
  const { progress, written } = progressOn(true, true)
  progress.update('loading', 0.5)
  progress.end()
  assert.deepEqual(written, [])
})
