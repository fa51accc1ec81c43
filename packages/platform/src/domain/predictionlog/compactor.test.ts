import assert from 'node:assert/strict'
import { appendFile, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { silentLogger } from '../../kernel/logger.ts'
import { sampleEvent } from '../../testing/prediction-events.ts'
import { temporaryFolder } from '../../testing/temporary.ts'
import { endFrame } from './block.ts'
import { Compactor } from './compactor.ts'
import type { LogTable } from './decode.ts'
import { encodeBlock } from './encode.ts'
import type { ParquetFiles } from './parquet.ts'

const HOUR = 480_000
const SEGMENT = '01936c2e-0000-7000-8000-000000000001'

function idsOf(tables: readonly LogTable[]): string[] {
  return tables.flatMap((t) => t.vectors[0]!.read(0, t.rows).map(String))
}

/** Stands in for Parquet: a file is the JSON list of its row ids. `failAt` makes the n-th write fail, as a stop would. */
function idFiles(failAt = Number.POSITIVE_INFINITY): ParquetFiles {
  let writes = 0
  return {
    async write(path, tables) {
      if (++writes === failAt) throw new Error('stopped')
      await writeFile(path, JSON.stringify(idsOf(tables)))
    },
    async merge(sources, target) {
      const ids = (await Promise.all(sources.map(async (s) => JSON.parse(await readFile(s, 'utf8')) as string[]))).flat()
      await writeFile(target, JSON.stringify(ids))
      return { read: ids.length, written: ids.length }
    },
    damage: async (path) =>
      readFile(path, 'utf8').then((text) => {
        try {
          JSON.parse(text)
          return undefined
        } catch {
          return 'not a list'
        }
      }),
  }
}

async function logged(root: string): Promise<string[]> {
  const names = await readdir(join(root, 'parquet'), { recursive: true }).catch(() => [])
  const files = names.filter((n) => n.endsWith('.parquet'))
  return (await Promise.all(files.map(async (n) => JSON.parse(await readFile(join(root, 'parquet', n), 'utf8')) as string[]))).flat().sort()
}

function block(id: string, hour: number): Buffer {
  return encodeBlock([sampleEvent([{ age: 1n }], { id, time: hour * 3_600_000 })], hour)
}

async function segment(root: string, ...frames: Buffer[]): Promise<string> {
  await mkdir(join(root, 'segments'), { recursive: true })
  const path = join(root, 'segments', `${SEGMENT}.w1.seg`)
  await writeFile(path, Buffer.concat(frames))
  return path
}

function compactor(root: string, over: { parquet?: ParquetFiles; live?: boolean; now?: () => number } = {}): Compactor {
  const { parquet = idFiles(), live = false, now = Date.now } = over
  return new Compactor({ root, parquet, isLive: () => live, logger: silentLogger, settleMs: 0, now })
}

test('a stop between the files of two hours neither loses nor repeats a row', async () => {
  await using folder = await temporaryFolder()
  const path = await segment(folder.path, block('a', HOUR), block('b', HOUR + 1), block('c', HOUR))
  await compactor(folder.path, { parquet: idFiles(2) }).flush()
  assert.deepEqual(await logged(folder.path), ['a/0', 'c/0'])
  await appendFile(path, Buffer.concat([block('d', HOUR), endFrame()]))
  await compactor(folder.path).flush()
  assert.deepEqual(await logged(folder.path), ['a/0', 'b/0', 'c/0', 'd/0'])
  assert.deepEqual(await readdir(join(folder.path, 'segments')), [])
})

test("a live writer's segment is read as it grows, and removed when it is closed", async () => {
  await using folder = await temporaryFolder()
  const next = block('b', HOUR)
  const path = await segment(folder.path, block('a', HOUR), next.subarray(0, 40))
  const own = compactor(folder.path, { live: true })
  await own.flush()
  assert.deepEqual(await logged(folder.path), ['a/0'])
  await appendFile(path, next.subarray(40))
  await own.flush()
  assert.deepEqual(await logged(folder.path), ['a/0', 'b/0'])
  assert.equal((await readdir(join(folder.path, 'segments'))).length, 1)
  await appendFile(path, endFrame())
  await own.flush()
  assert.deepEqual(await readdir(join(folder.path, 'segments')), [])
  assert.equal(own.counters.tornBytes, 0)
})

test("a dead writer's torn tail is cut and counted", async () => {
  await using folder = await temporaryFolder()
  await segment(folder.path, block('a', HOUR), block('b', HOUR).subarray(0, 100))
  const own = compactor(folder.path)
  await own.flush()
  assert.deepEqual(await logged(folder.path), ['a/0'])
  assert.equal(own.counters.tornBytes, 100)
  assert.deepEqual(await readdir(join(folder.path, 'segments')), [])
})

test('a segment that its writer left without an end mark goes once a later one is there and it has come to rest', async () => {
  await using folder = await temporaryFolder()
  const old = await segment(folder.path, block('a', HOUR))
  const later = join(folder.path, 'segments', `${SEGMENT.slice(0, -1)}9.w1.seg`)
  await writeFile(later, block('b', HOUR))
  const own = compactor(folder.path, { live: true })
  await own.flush()
  assert.equal((await readdir(join(folder.path, 'segments'))).length, 2)
  await utimes(old, 1, 1)
  await utimes(later, 1, 1)
  await own.flush()
  assert.deepEqual(await readdir(join(folder.path, 'segments')), [`${SEGMENT.slice(0, -1)}9.w1.seg`])
  assert.deepEqual(await logged(folder.path), ['a/0', 'b/0'])
})

test('a damaged block ends its segment, which is set aside', async () => {
  await using folder = await temporaryFolder()
  const damaged = block('b', HOUR)
  damaged[60] = damaged[60]! ^ 1
  await segment(folder.path, block('a', HOUR), damaged, block('c', HOUR), endFrame())
  const own = compactor(folder.path)
  await own.flush()
  assert.deepEqual(await logged(folder.path), ['a/0'])
  assert.equal(own.counters.damagedSegments, 1)
  assert.deepEqual(await readdir(join(folder.path, 'damaged')), [`${SEGMENT}.w1.seg`])
  assert.deepEqual(await readdir(join(folder.path, 'segments')), [])
})

test('a block larger than a step is still read whole', async () => {
  await using folder = await temporaryFolder()
  const rows = Array.from({ length: 5000 }, () => ({ age: 1n }))
  const big = encodeBlock([sampleEvent(rows, { id: 'big' })], HOUR)
  await segment(folder.path, block('a', HOUR), big, endFrame())
  const own = new Compactor({ root: folder.path, parquet: idFiles(), isLive: () => false, logger: silentLogger, stepBytes: 100, settleMs: 0 })
  await own.flush()
  assert.equal((await logged(folder.path)).length, 5001)
})

test('files of an hour that is over are merged, and a stop in between is repaired at start', async () => {
  await using folder = await temporaryFolder()
  const hourFolder = join(folder.path, 'parquet/deployment=credit-risk', `date=${new Date(HOUR * 3_600_000).toISOString().slice(0, 10)}`, 'hour=00')
  await mkdir(hourFolder, { recursive: true })
  for (const id of ['a', 'b', 'c']) await writeFile(join(hourFolder, `${SEGMENT.slice(0, -1)}${id}-0-9-g1.parquet`), JSON.stringify([id]))
  const now = () => (HOUR + 2) * 3_600_000
  await compactor(folder.path, { now }).merge()
  assert.deepEqual(await logged(folder.path), ['a', 'b', 'c'])
  assert.equal((await readdir(hourFolder)).length, 1)

  // As a stop leaves it after the joined file appeared and before all of its sources went.
  const source = join(hourFolder, `${SEGMENT.slice(0, -1)}d-0-9-g1.parquet`)
  const target = join(hourFolder, 'merged-x-g1.parquet')
  await writeFile(source, JSON.stringify(['d']))
  await writeFile(target, JSON.stringify(['d']))
  await mkdir(join(folder.path, 'merges'), { recursive: true })
  await writeFile(join(folder.path, 'merges', 'x.json'), JSON.stringify({ temporary: join(folder.path, 'tmp/x'), target, sources: [source] }))
  await using restarted = compactor(folder.path, { now })
  await restarted.start()
  assert.deepEqual(await logged(folder.path), ['a', 'b', 'c', 'd'])
  assert.deepEqual(await readdir(join(folder.path, 'merges')), [])
})

test('a merge that would change the number of rows is not carried out', async () => {
  await using folder = await temporaryFolder()
  const hourFolder = join(folder.path, 'parquet/deployment=credit-risk/date=2024-10-04/hour=00')
  await mkdir(hourFolder, { recursive: true })
  for (const id of ['a', 'b']) await writeFile(join(hourFolder, `${id}.parquet`), JSON.stringify([id]))
  const parquet: ParquetFiles = { ...idFiles(), merge: async (_, target) => writeFile(target, '[]').then(() => ({ read: 2, written: 0 })) }
  await compactor(folder.path, { parquet, now: () => Date.UTC(2024, 9, 4, 5) }).merge()
  assert.deepEqual(await logged(folder.path), ['a', 'b'])
})

test('retention removes hours that are older, and only those', async () => {
  await using folder = await temporaryFolder()
  await segment(folder.path, block('old', HOUR), block('new', HOUR + 48), endFrame())
  const own = compactor(folder.path, { now: () => (HOUR + 49) * 3_600_000 })
  await own.flush()
  assert.equal(await own.retain('credit-risk', 1), 1)
  assert.deepEqual(await logged(folder.path), ['new/0'])
})

test('a segment that cannot be converted is set aside after three tries, and the others go on', async () => {
  await using folder = await temporaryFolder()
  await segment(folder.path, block('poison', HOUR), endFrame())
  const other = join(folder.path, 'segments', `${SEGMENT.slice(0, -1)}9.w2.seg`)
  await writeFile(other, Buffer.concat([block('good', HOUR), endFrame()]))
  let tries = 0
  const ids = idFiles()
  const parquet: ParquetFiles = {
    ...ids,
    async write(path, tables, columns) {
      if (!idsOf(tables).includes('poison/0')) return ids.write(path, tables, columns)
      tries++
      throw new Error('Out of Memory Error: failed to allocate')
    },
  }
  let time = HOUR * 3_600_000
  const own = compactor(folder.path, { parquet, now: () => time })
  await own.flush()
  assert.deepEqual(await logged(folder.path), ['good/0'])
  await own.flush()
  assert.equal(tries, 1, 'a question to the log does not try again at once')
  for (let i = 0; i < 4; i++) {
    time += 10_000
    await own.flush()
  }
  assert.equal(tries, 3)
  assert.deepEqual(await readdir(join(folder.path, 'damaged')), [`${SEGMENT}.w1.seg`])
  assert.deepEqual(await readdir(join(folder.path, 'segments')), [])
  assert.deepEqual([own.damage.count, own.counters.damagedSegments], [1, 1])
  const next = compactor(folder.path)
  await next.flush()
  assert.equal(next.damage.count, 1, 'a later run still tells of it')
})

test('a full disk sets nothing aside, however long it lasts', async () => {
  await using folder = await temporaryFolder()
  await segment(folder.path, block('a', HOUR), endFrame())
  let full = true
  const ids = idFiles()
  const parquet: ParquetFiles = {
    ...ids,
    async write(...args) {
      if (full) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
      return ids.write(...args)
    },
  }
  let time = HOUR * 3_600_000
  const own = compactor(folder.path, { parquet, now: () => time })
  for (let i = 0; i < 6; i++) {
    time += 10_000
    await own.flush()
  }
  assert.deepEqual(await logged(folder.path), [])
  full = false
  time += 10_000
  await own.flush()
  assert.deepEqual(await logged(folder.path), ['a/0'])
  assert.equal(own.damage.count, 0)
})

test('a damaged file is set aside when its hour is merged, and the other hours are merged', async () => {
  await using folder = await temporaryFolder()
  const day = join(folder.path, 'parquet/deployment=credit-risk/date=2024-10-04')
  for (const hour of ['00', '01']) {
    await mkdir(join(day, `hour=${hour}`), { recursive: true })
    for (const id of ['a', 'b']) await writeFile(join(day, `hour=${hour}`, `${id}-g1.parquet`), JSON.stringify([`${id}${hour}`]))
  }
  await writeFile(join(day, 'hour=00', 'c-g1.parquet'), 'x')
  const own = compactor(folder.path, { now: () => Date.UTC(2024, 9, 4, 5) })
  await own.merge()
  assert.deepEqual(await readdir(join(folder.path, 'damaged')), ['deployment=credit-risk+date=2024-10-04+hour=00+c-g1.parquet'])
  assert.deepEqual(await logged(folder.path), ['a00', 'a01', 'b00', 'b01'])
  assert.equal((await readdir(join(day, 'hour=01'))).length, 1)
})
