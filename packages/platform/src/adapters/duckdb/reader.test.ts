import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { Compactor, localSegments, type PredictionQuery, SegmentLogWriter } from '../../domain/predictionlog/index.ts'
import { silentLogger } from '../../kernel/logger.ts'
import { cursorOf } from '../../kernel/page.ts'
import { sampleEvent, sampleRelease } from '../../testing/prediction-events.ts'
import { DuckDb, duckParquetFiles, PredictionLogReader } from './index.ts'

let root = ''
let duck: DuckDb
let compactor: Compactor
let reader: PredictionLogReader
let writer: SegmentLogWriter

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fairlead-log-'))
  duck = new DuckDb({ folder: root })
  compactor = new Compactor({ root, parquet: duckParquetFiles(duck), isLive: () => true, logger: silentLogger })
  reader = new PredictionLogReader({ duck, compactor })
  writer = new SegmentLogWriter({ segments: localSegments(join(root, 'segments')), writer: 'test', flushMs: 5 })
})
afterEach(async () => {
  await writer[Symbol.asyncDispose]()
  await compactor[Symbol.asyncDispose]()
  await duck[Symbol.asyncDispose]()
  await rm(root, { recursive: true, force: true })
})

const ask = (over: Partial<PredictionQuery> = {}) => reader.query({ deployment: 'credit-risk', limit: 100, order: 'newest', ...over })

test('a logged row is read back with every column', async () => {
  const time = Date.UTC(2026, 0, 31, 12, 0, 0, 123)
  writer.append(sampleEvent([{ age: 9007199254740993n, income: Number.NaN, purpose: 'café' }], { id: 'r1', time, traceId: '0af7' }))
  await writer.synced()
  const page = await ask()
  assert.deepEqual(page.items, [
    {
      _id: 'r1/0',
      _request: 'r1',
      _row: 0,
      _time: '2026-01-31T12:00:00.123Z',
      _release: 1,
      _release_digest: `sha256:${'a'.repeat(64)}`,
      _model: 'credit:1',
      _variant: 'current',
      _interface: 'rows',
      _caller: 'loopback',
      _trace: '0af7',
      _total_ms: 1.5,
      _queue_ms: 0.5,
      _run_ms: 0.125,
      _parse_ms: 0.25,
      age: '9007199254740993',
      income: 'NaN',
      purpose: 'café',
      label: 'good',
      probabilities_bad: 0.25,
      probabilities_good: 0.75,
    },
  ])
  assert.equal(page.next, null)
  assert.deepEqual(
    page.columns.find((c) => c.name === 'age'),
    { name: 'age', type: 'int64', role: 'input' },
  )
  assert.equal((await ask({ where: 'age = 9007199254740993' })).items.length, 1)
  assert.equal((await ask({ where: 'age = 9007199254740992' })).items.length, 0)
})

test('pages follow each other newest first, without gap or repetition, also among rows of one millisecond', async () => {
  const time = Date.UTC(2026, 0, 31, 12)
  for (let i = 0; i < 25; i++)
    writer.append(sampleEvent([{ age: BigInt(i) }, { age: BigInt(i) }], { id: `r${String(i).padStart(2, '0')}`, time: time + Math.floor(i / 10) * 3_600_000 }))
  await writer.synced()
  const seen: unknown[] = []
  let next: string | undefined
  do {
    const page = await ask({ limit: 7, next })
    seen.push(...page.items.map((row) => row._id))
    next = page.next ?? undefined
  } while (next !== undefined)
  assert.equal(seen.length, 50)
  assert.equal(new Set(seen).size, 50)
  assert.equal(seen[0], 'r24/1')
  const oldest = await ask({ order: 'oldest', limit: 3 })
  assert.deepEqual(
    oldest.items.map((row) => row._id),
    ['r00/0', 'r00/1', 'r01/0'],
  )
  const after = await ask({ order: 'oldest', limit: 1, next: oldest.next ?? undefined })
  assert.deepEqual(
    after.items.map((row) => row._id),
    ['r01/1'],
  )
})

test('rows of a request stand in their order by number, also past the end of a page', async () => {
  const time = Date.UTC(2026, 0, 31, 12)
  const many = Array.from({ length: 120 }, (_, i) => ({ age: BigInt(i) }))
  writer.append(sampleEvent(many, { id: 'r', time }))
  await writer.synced()
  const rows: unknown[] = []
  for (let next: string | undefined, i = 0; i === 0 || next !== undefined; i++) {
    const page = await ask({ order: 'oldest', limit: 50, next })
    rows.push(...page.items.map((row) => row._row))
    next = page.next ?? undefined
  }
  assert.deepEqual(
    rows,
    many.map((_, i) => i),
  )
  assert.deepEqual(
    (await ask({ limit: 2 })).items.map((row) => row._row),
    [119, 118],
  )
})

test('requests that share time and id are all read, page by page', async () => {
  const time = Date.UTC(2026, 0, 31, 12)
  for (let i = 0; i < 25; i++) writer.append(sampleEvent([{ age: BigInt(i) }], { id: 'the same', time }))
  await writer.synced()
  for (const order of ['newest', 'oldest'] as const) {
    const ages: unknown[] = []
    for (let next: string | undefined, i = 0; i === 0 || next !== undefined; i++) {
      const page = await ask({ order, limit: 7, next })
      ages.push(...page.items.map((row) => row.age))
      next = page.next ?? undefined
    }
    assert.equal(ages.length, 25, order)
  }
})

test('the end of the last page is where later rows are asked for', async () => {
  const time = Date.UTC(2026, 0, 31, 12)
  const add = async (id: string, at: number) => {
    writer.append(sampleEvent([{ age: 1n }], { id, time: at }))
    await writer.synced()
  }
  await add('a', time)
  const first = await ask({ order: 'oldest' })
  assert.deepEqual([first.items.length, first.next], [1, null])
  const nothing = await ask({ order: 'oldest', next: first.end ?? '' })
  assert.deepEqual([nothing.items, nothing.end], [[], first.end])
  await add('b', time)
  await add('c', time + 5)
  const later = await ask({ order: 'oldest', next: nothing.end ?? '' })
  assert.deepEqual(
    later.items.map((row) => row._request),
    ['b', 'c'],
  )
  assert.equal(await reader.has('credit-risk'), true)
})

test('a page has at most 10,000 rows, however many are asked for', async () => {
  writer.append(sampleEvent(Array.from({ length: 10_001 }, (_, i) => ({ age: BigInt(i) }))))
  await writer.synced()
  const page = await ask({ limit: 1_000_000 })
  assert.equal(page.items.length, 10_000)
  assert.equal((await ask({ limit: 5, next: page.next ?? '' })).items.length, 1)
})

test('since, until, release, id and where choose rows', async () => {
  const time = Date.UTC(2026, 0, 31, 12)
  for (let i = 0; i < 5; i++)
    writer.append(sampleEvent([{ age: BigInt(20 + i), purpose: i % 2 ? 'car' : 'tv' }], { id: `r${i}`, time: time + i * 3_600_000, ids: [`order-${i}`] }))
  await writer.synced()
  const ids = async (over: Partial<PredictionQuery>) => (await ask(over)).items.map((row) => row._request)
  assert.deepEqual(await ids({ since: time + 3_600_000, until: time + 3 * 3_600_000 }), ['r2', 'r1'])
  assert.deepEqual(await ids({ id: 'order-3' }), ['r3'])
  assert.deepEqual(await ids({ id: 'r4' }), ['r4'])
  assert.deepEqual(await ids({ release: 2 }), [])
  assert.deepEqual(await ids({ where: "age > 21 and purpose = 'car'" }), ['r3'])
  assert.deepEqual(await ids({ where: 'probabilities.good >= 0.5 and age in (20, 24)' }), ['r4', 'r0'])
  assert.deepEqual(await ids({ where: "_time >= '2026-01-31T16:00:00Z'" }), ['r4'])
  assert.deepEqual(await ids({ where: "purpose = 'x'' or true'" }), [])
})

test('a wrong expression or page mark is refused with its place', async () => {
  writer.append(sampleEvent([{ age: 1n }]))
  await writer.synced()
  await assert.rejects(ask({ where: 'agee > 3' }), { code: 'expression-invalid', message: /no column "agee"\. Did you mean "age"\?/ })
  await assert.rejects(ask({ where: 'age' }), { code: 'expression-invalid' })
  await assert.rejects(ask({ where: "age = 'old'" }), { code: 'expression-invalid', message: /number cannot be compared with a text/ })
  await assert.rejects(ask({ where: "read_csv('/etc/passwd')" }), { code: 'expression-invalid' })
  for (const where of ["lower(purpose) = 'car'", "purpose || 'x' = 'carx'", 'case when age > 1 then true end', 'coalesce(age, 1) = 1']) {
    await assert.rejects(ask({ where }), { code: 'expression-invalid', message: /no functions, no \|\| and no case/ })
  }
  await assert.rejects(ask({ where: `age > 1${' + 1'.repeat(990)}` }), { code: 'expression-invalid', message: /at most 200 operators/ })
  assert.equal((await ask({ where: `age < 1${' + 1'.repeat(190)}` })).items.length, 1)
  assert.equal((await ask({ where: `age in (${Array.from({ length: 1000 }, (_, i) => i).join(', ')})` })).items.length, 1)
  for (const next of ['nonsense', cursorOf([1, 'r']), cursorOf('credit')]) await assert.rejects(ask({ next }), { code: 'request-invalid' })
  await assert.rejects(ask({ deployment: '../../etc' }), { code: 'deployment-unknown' })
})

test('releases with different columns are read together; a column of another type is widened', async () => {
  writer.append(sampleEvent([{ age: 7n }], { id: 'old', time: Date.UTC(2026, 0, 1, 1) }))
  const base = sampleRelease()
  const signature = {
    ...base.signature,
    inputs: [
      { name: 'age', type: 'float64' as const, shape: [-1, 1] },
      { name: 'extra', type: 'float32' as const, shape: [-1, 3] },
    ],
    columns: [
      { name: 'age', type: 'float64' as const, tensor: 'age' },
      { name: 'extra', type: 'float32' as const, tensor: 'extra', shape: [3] },
    ],
  }
  const release = sampleRelease({ number: 2, signature })
  const inputs = {
    age: { type: 'float64' as const, shape: [1, 1], data: Float64Array.of(1.5) },
    extra: { type: 'float32' as const, shape: [1, 3], data: Float32Array.of(1, 2, 3) },
  }
  writer.append(sampleEvent([{ age: 1n }], { id: 'new', release, inputs, time: Date.UTC(2026, 0, 1, 2) }))
  await writer.synced()
  const page = await ask()
  assert.deepEqual(
    page.items.map((r) => [r._request, r.age, r.extra, r.purpose]),
    [
      ['new', 1.5, [1, 2, 3], null],
      ['old', 7, null, 'car'],
    ],
  )
  assert.deepEqual(
    (await ask({ where: 'age > 6' })).items.map((r) => r._request),
    ['old'],
  )
  assert.deepEqual(
    (await ask({ where: "purpose = 'car'" })).items.map((r) => r._request),
    ['old'],
  )
})

test('an empty log answers an empty page, and the engine is not even started', async () => {
  assert.deepEqual(await ask({ where: 'age > 1' }), { columns: [], items: [], next: null, end: null })
  assert.equal(await reader.has('credit-risk'), false)
  await assert.rejects(ask({ where: 'age >' }), { code: 'expression-invalid' })
  assert.equal(duck.running, false)
  assert.deepEqual(await reader.stats('credit-risk'), { bytes: 0, files: 0, lastAt: null })
})

test('rows are exported as CSV and Parquet, and the file goes when it is done with', async () => {
  const time = Date.UTC(2026, 0, 31, 12)
  writer.append(sampleEvent([{ age: 1n, purpose: 'a "b", c' }, { age: 2n }, { age: 3n }], { id: 'r', time }))
  await writer.synced()
  const question: PredictionQuery = { deployment: 'credit-risk', limit: 2, order: 'oldest', where: 'age < 3' }
  {
    await using csv = await reader.export(question, 'csv')
    const [head, first, second, ...rest] = (await readFile(csv.path, 'utf8')).split('\n')
    assert.match(head!, /^_id,_request,_row,_time,.*,age,income,purpose,label,probabilities_bad,probabilities_good$/)
    assert.match(first!, /^r\/0,r,0,2026-01-31T12:00:00\.000Z,.*,1,0\.5,"a ""b"", c",good,0\.25,0\.75$/)
    assert.match(second!, /^r\/1,/)
    const took = head!.split(',').flatMap((name, i) => (name.endsWith('_ms') ? [second!.split(',')[i]!] : []))
    assert.ok(took.length === 4 && took.every((value) => /^\d+(\.\d{1,3})?$/.test(value)), took.join(' '))
    assert.deepEqual([rest, csv.rows], [[''], 2])
    await using parquet = await reader.export(question, 'parquet')
    assert.equal((await readFile(parquet.path)).subarray(0, 4).toString(), 'PAR1')
    assert.equal(parquet.rows, 2)
  }
  assert.deepEqual(await readdir(join(root, 'tmp')), [])
  await using empty = await reader.export({ ...question, deployment: 'nothing' }, 'csv')
  assert.equal(empty.rows, 0)
})

test('stats tell the size and the last prediction', async () => {
  const time = Date.UTC(2026, 0, 31, 12)
  writer.append(sampleEvent([{ age: 1n }], { time }))
  writer.append(sampleEvent([{ age: 1n }], { time: time + 3_600_123 }))
  await writer.synced()
  await compactor.flush()
  const stats = await reader.stats('credit-risk')
  assert.deepEqual([stats.files, stats.lastAt], [2, time + 3_600_123])
  assert.ok(stats.bytes > 1000)
})

test('many small files of an hour are merged while it is written to, and nothing changes for who asks', async () => {
  const small = new SegmentLogWriter({ segments: localSegments(join(root, 'segments')), writer: 'small', segmentBytes: 1 })
  const now = Date.now()
  for (let i = 0; i < 25; i++) {
    small.append(sampleEvent([{ age: BigInt(i) }], { id: `r${i}`, time: now }))
    await small.synced()
  }
  await small[Symbol.asyncDispose]()
  await compactor.flush()
  const before = await ask()
  assert.equal((await reader.stats('credit-risk')).files, 25)
  await compactor.merge()
  assert.equal((await reader.stats('credit-risk')).files, 1)
  assert.deepEqual(await ask(), before)
  assert.equal(before.items.length, 25)
})

test('a damaged file is set aside, and the rest of the log is answered', async () => {
  const time = Date.UTC(2026, 0, 31, 12)
  for (let hour = 0; hour < 3; hour++) {
    for (let i = 0; i < 200; i++) writer.append(sampleEvent([{ age: BigInt(i) }], { id: `r${hour}-${i}`, time: time + hour * 3_600_000 }))
  }
  await writer.synced()
  await compactor.flush()
  const names = (await readdir(join(root, 'parquet'), { recursive: true })).filter((name) => name.endsWith('.parquet')).sort()
  assert.equal(names.length, 3)
  const path = join(root, 'parquet', names[1]!)
  const bytes = await readFile(path)
  await writeFile(path, bytes.fill(0x5a, 4, bytes.length - 4))
  const page = await ask({ limit: 1000 })
  assert.equal(page.items.length, 400)
  assert.equal(compactor.damage.count, 1)
  assert.deepEqual(await readdir(join(root, 'damaged')), [names[1]!.replaceAll('/', '+')])
  await using file = await reader.export({ deployment: 'credit-risk', limit: 1000, order: 'oldest' }, 'csv')
  assert.equal(file.rows, 400)
})

test('a page of long lists ends early and the next goes on, while others in this process are answered', async () => {
  const base = sampleRelease()
  const signature = {
    ...base.signature,
    outputs: [...base.signature.outputs, { name: 'parts', type: 'float32' as const, shape: [-1, -1] }],
    fields: [...base.signature.fields, { name: 'parts', kind: 'values' as const, type: 'float32' as const, tensor: 'parts' }],
  }
  const release = sampleRelease({ signature })
  for (let i = 0; i < 250; i++) {
    const event = sampleEvent([{ age: BigInt(i) }], { id: `r${i}`, release, time: Date.UTC(2026, 0, 31, 12) + i })
    const parts = { type: 'float32' as const, shape: [1, 16_000], data: Float32Array.from({ length: 16_000 }, (_, n) => n / 7) }
    writer.append({ ...event, answer: { ...event.answer, outputs: { ...event.answer.outputs, parts } } })
  }
  await writer.synced()
  await compactor.flush()
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  const ids: unknown[] = []
  let pages = 0
  for (let next: string | undefined, i = 0; i === 0 || next !== undefined; i++) {
    const page = await ask({ limit: 500, next })
    pages++
    ids.push(...page.items.map((row) => row._request))
    assert.ok(page.items.every((row) => (row.parts as number[]).length === 16_000))
    next = page.next ?? undefined
  }
  clearInterval(timer)
  assert.deepEqual(
    ids,
    Array.from({ length: 250 }, (_, i) => `r${249 - i}`),
  )
  assert.ok(pages > 1, `${pages} pages`)
  assert.ok(turns > 20, `others had ${turns} turns`)
})

test('who asked is told by caller and interface, with the columns that they sent', async () => {
  const time = Date.UTC(2026, 0, 31, 12)
  writer.append(
    sampleEvent(
      [
        { age: 1n, income: 2, purpose: 'car' },
        { age: 1n, income: 2 },
      ],
      { id: 'r1', time },
    ),
  )
  writer.append(sampleEvent([{ age: 1n, income: 2 }], { id: 'r2', time: time + 5 }))
  await writer.synced()
  const [one, ...others] = await reader.callers({ deployment: 'credit-risk', since: time, columns: ['purpose', 'age', 'nothing'] })
  assert.deepEqual(others, [])
  assert.deepEqual(
    { ...one, given: [...one!.given].sort() },
    {
      caller: 'loopback',
      interface: 'rows',
      lastAt: time + 5,
      rows: 3,
      given: [
        ['age', 3],
        ['purpose', 3],
      ],
    },
  )
  assert.deepEqual(await reader.callers({ deployment: 'credit-risk', since: time + 6, columns: [] }), [])
  assert.deepEqual(await reader.callers({ deployment: 'nobody', since: 0, columns: ['age'] }), [])
})
