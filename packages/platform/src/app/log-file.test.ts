import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { LogFile, removeOldLogs } from './log-file.ts'
import { slotOf } from './log-output.ts'

function temporaryFolder(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'fairlead-logs-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

const line = (n: number) => `${JSON.stringify({ n, padding: 'x'.repeat(80) })}\n`
const numbersIn = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((one) => JSON.parse(one).n as number)

test('files are put aside while they are written, and a bounded number is kept', async () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'serve-1.ndjson')
  const file = new LogFile(path, { mostBytes: 1000, kept: 2 })
  for (let n = 0; n < 100; n++) file.write(line(n))
  await file.close()
  assert.deepEqual(readdirSync(folder.path).sort(), ['serve-1.ndjson', 'serve-1.ndjson.1', 'serve-1.ndjson.2'])
  const kept = ['.2', '.1', ''].flatMap((end) => numbersIn(path + end))
  assert.deepEqual(
    kept,
    Array.from({ length: kept.length }, (_, i) => 100 - kept.length + i),
    'the newest lines, none missing between them',
  )
  assert.ok(kept.length > 15)
  for (const end of ['', '.1', '.2']) assert.ok(readFileSync(path + end).length <= 1000, end)
})

test('the next process of a slot goes on with its file', async () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'platform.ndjson')
  for (const n of [1, 2]) {
    const file = new LogFile(path, { mostBytes: 10_000 })
    file.write(line(n))
    await file.close()
  }
  assert.deepEqual(numbersIn(path), [1, 2])
})

test('a disk that refuses stops nothing', async () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'platform.ndjson')
  mkdirSync(path)
  const file = new LogFile(path)
  for (let n = 0; n < 3; n++) {
    file.write(line(n))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await file.close()
})

test('a process is told apart by its start, its log by its slot; what earlier versions left goes', () => {
  assert.deepEqual([slotOf('serve-12-mfx1abc-7'), slotOf('platform')], ['serve-12', 'platform'])
  using folder = temporaryFolder()
  for (const name of ['serve-1-mfx1abc-1.ndjson', 'serve-2-mfx1abc-2.ndjson.1', 'serve-1.ndjson', 'platform.ndjson', 'mine.txt']) {
    writeFileSync(join(folder.path, name), '')
  }
  removeOldLogs(folder.path)
  assert.deepEqual(readdirSync(folder.path).sort(), ['mine.txt', 'platform.ndjson', 'serve-1.ndjson'])
})
