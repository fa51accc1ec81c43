import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { silentLogger } from '../kernel/logger.ts'
import { temporaryFolder } from '../testing/temporary.ts'
import { openHistory } from './history.ts'

test('a whole history is opened as it is', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'telemetry.db')
  await (await openHistory(path, silentLogger)).close()
  const before = readFileSync(path)
  await (await openHistory(path, silentLogger)).close()
  assert.equal(existsSync(`${path}.damaged`), false)
  assert.equal(readFileSync(path).length, before.length)
})

test('a damaged history is put aside and begun anew, whether its head or its pages are damaged', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'telemetry.db')
  for (const [from, to] of [
    [0, 100],
    [100, 4096],
  ] as const) {
    const whole = await openHistory(path, silentLogger)
    await whole.close()
    const bytes = readFileSync(path).fill(0xa5, from, to)
    writeFileSync(path, bytes)
    const anew = await openHistory(path, silentLogger)
    assert.deepEqual(await anew.db.selectFrom('telemetry').selectAll().execute(), [])
    await anew.close()
    assert.deepEqual(readFileSync(`${path}.damaged`).subarray(from, to), bytes.subarray(from, to))
  }
})
