import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Compactor } from '../../domain/predictionlog/index.ts'
import { silentLogger } from '../../kernel/logger.ts'
import { temporaryFolder } from '../../testing/temporary.ts'
import { DuckDb, duckParquetFiles, PredictionLogReader } from './index.ts'

const ROUNDS = 4

/** Runs a program until it is killed without warning after `ms` of work, and answers the ids that it had acknowledged. */
async function killed(program: string, args: string[], ms: number): Promise<string[]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../testing', program), ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8')
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (piece: string) => {
      if (text === '') setTimeout(() => child.kill('SIGKILL'), ms)
      text += piece
    })
    child.on('close', () => (child.signalCode === 'SIGKILL' ? resolve() : reject(new Error(`${program} ended by itself: ${child.exitCode}`))))
  })
  // The last line may be cut; it was not acknowledged in full.
  return text.split('\n').slice(0, -1)
}

/** Every row id in the log, read after a restart. */
async function readAll(root: string): Promise<string[]> {
  await using duck = new DuckDb({ folder: root })
  await using compactor = new Compactor({ root, parquet: duckParquetFiles(duck), isLive: () => false, logger: silentLogger, settleMs: 0 })
  const reader = new PredictionLogReader({ duck, compactor })
  const ids: string[] = []
  let next: string | undefined
  do {
    const page = await reader.query({ deployment: 'credit-risk', limit: 10_000, order: 'oldest', next })
    ids.push(...page.items.map((row) => String(row._id)))
    next = page.next ?? undefined
  } while (next !== undefined)
  await compactor.merge()
  assert.deepEqual(await readdir(join(root, 'segments')), [], 'all segments of dead writers are converted and removed')
  return ids
}

function assertExactlyOnce(ids: string[], acknowledged: string[]): void {
  assert.ok(acknowledged.length > 10, `only ${acknowledged.length} were acknowledged; the test shows nothing`)
  assert.equal(new Set(ids).size, ids.length, 'no row is there twice')
  const present = new Set(ids)
  assert.deepEqual(
    acknowledged.filter((id) => !present.has(id)),
    [],
    'every acknowledged row is there',
  )
}

test('every acknowledged row survives kill -9 of its writer, once', { timeout: 60_000 }, async () => {
  await using folder = await temporaryFolder()
  const acknowledged: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const ids = await killed('log-writer-child.ts', [join(folder.path, 'segments'), `w${round}`], 60 + Math.random() * 150)
    acknowledged.push(...ids.flatMap((id) => [`${id}/0`, `${id}/1`]))
    assertExactlyOnce(await readAll(folder.path), acknowledged)
  }
})

test('kill -9 while segments are converted and merged loses and repeats nothing', { timeout: 60_000 }, async () => {
  await using folder = await temporaryFolder()
  const acknowledged: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const ids = await killed('log-compactor-child.ts', [folder.path, `c${round}`], 100 + Math.random() * 400)
    acknowledged.push(...ids.map((id) => `${id}/0`))
  }
  assertExactlyOnce(await readAll(folder.path), acknowledged)
})
