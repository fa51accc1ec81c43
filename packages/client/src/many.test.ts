import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient, PredictionError } from './index.ts'
import { type Answer, json, problem, serving } from './testing/serving.ts'

interface Numbered {
  n: number
}
const upTo = (count: number): Numbered[] => Array.from({ length: count }, (_, n) => ({ n }))
const rowsOf = (body: string): Numbered[] => JSON.parse(body).rows
/** Answers every row with its own number, the later batches sooner. */
const echo: Answer = (response, seen) => {
  const rows = rowsOf(seen.body)
  const answer = json({ id: `b${rows[0]?.n}`, predictions: rows.map(({ n }) => ({ value: n })) })
  setTimeout(() => answer(response, seen), Math.max(0, 30 - (rows[0]?.n ?? 0)))
}
async function collect<T>(from: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of from) all.push(one)
  return all
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('predictions come in the order of the rows, from iterables, async iterables and streams', async () => {
  await using s = await serving(echo)
  const client = createClient({ url: s.url })
  const sources = [
    upTo(25),
    (async function* () {
      yield* upTo(25)
    })(),
    new Blob(['x'.repeat(25)])
      .stream()
      .pipeThrough(new TransformStream<Uint8Array, Numbered>({ transform: (bytes, out) => bytes.forEach((_, n) => void out.enqueue({ n })) })),
  ]
  for (const source of sources) {
    const found = []
    for await (const one of client.predictMany('a', source, { batchRows: 10, concurrency: 3 })) found.push(one)
    assert.deepEqual(
      found.map(({ index, row, prediction }) => [index, row.n, prediction.value]),
      upTo(25).map(({ n }) => [n, n, n]),
    )
    assert.deepEqual([found[0]?.id, found[19]?.id], ['b0/0', 'b10/9'])
  }
  assert.equal(s.seen.length, 9)
  assert.deepEqual(await collect(client.predictMany('a', [])), [])
})

test('a stream without for await, as browsers had it, is read too', async () => {
  await using s = await serving(echo)
  const stream = new Blob(['x']).stream().pipeThrough(new TransformStream<Uint8Array, Numbered>({ transform: (_, out) => out.enqueue({ n: 0 }) }))
  const old = { getReader: () => stream.getReader() } as unknown as ReadableStream<Numbered>
  assert.equal((await collect(createClient({ url: s.url }).predictMany('a', old))).length, 1)
})

test('without order they come as soon as they are there, each with its row', async () => {
  await using s = await serving((response, seen) => {
    const [first] = rowsOf(seen.body)
    setTimeout(() => echo(response, seen), first?.n === 0 ? 300 : 0)
  })
  const found = []
  for await (const one of createClient({ url: s.url }).predictMany('a', upTo(30), { batchRows: 10, ordered: false })) found.push(one)
  assert.notEqual(found[0]?.index, 0)
  assert.ok(found.every(({ index, row, prediction }) => index === row.n && prediction.value === row.n))
  assert.equal(new Set(found.map(({ index }) => index)).size, 30)
})

test('rows are taken no faster than predictions, and leaving the loop closes the source', async () => {
  let taken = 0
  let closed = false
  let underWay = 0
  let most = 0
  await using s = await serving((response, seen) => {
    underWay++
    most = Math.max(most, underWay)
    setTimeout(() => {
      underWay--
      echo(response, seen)
    }, 5)
  })
  async function* endless() {
    try {
      for (;;) yield { n: taken++ }
    } finally {
      closed = true
    }
  }
  let got = 0
  for await (const { index } of createClient({ url: s.url }).predictMany('a', endless(), { batchRows: 10, concurrency: 2 })) {
    assert.equal(index, got++)
    if (index === 15) await pause(200)
    // two batches under way, one ready and one being read
    assert.ok(taken <= got + 50, `${taken} rows taken, ${got} answered`)
    if (got === 100) break
  }
  assert.ok(closed)
  assert.ok(most <= 2, `${most} at once`)
})

test('a slow source does not hold up what is answered already', async () => {
  await using s = await serving(echo)
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  async function* slow() {
    yield* upTo(10)
    await held
    yield { n: 10 }
  }
  const found: number[] = []
  for await (const { index } of createClient({ url: s.url }).predictMany('a', slow(), { batchRows: 10 })) {
    found.push(index)
    if (index === 9) release()
  }
  assert.equal(found.length, 11)
})

test('a batch that may pass is tried again, and a refused one names the row in the whole input, after all before it', async () => {
  let failures = 0
  await using s = await serving((response, seen) => {
    const rows = rowsOf(seen.body)
    if (rows[0]?.n === 10 && failures++ === 0) return problem(503, 'queue-full', { 'retry-after': '0' })(response, seen)
    if (rows[0]?.n !== 20) return echo(response, seen)
    const errors = [{ path: 'rows[3].age', code: 'value-type', detail: '"old" is not a whole number' }]
    return json({ type: 't', title: 't', status: 422, code: 'value-type', detail: 'rows[3].age: "old" is not a whole number.', errors }, 422)(response, seen)
  })
  const found: number[] = []
  const all = (async () => {
    for await (const { index } of createClient({ url: s.url }).predictMany('a', upTo(60), { batchRows: 10 })) found.push(index)
  })()
  await assert.rejects(all, (error: PredictionError) => {
    assert.deepEqual([error.row, error.errors[0]?.path, error.detail], [23, 'rows[23].age', 'rows[23].age: "old" is not a whole number.'])
    return error instanceof PredictionError
  })
  assert.equal(found.length, 20)
})

test('a failure that names no row says which rows it was about', async () => {
  await using s = await serving(echo, problem(500, 'internal'))
  const client = createClient({ url: s.url })
  await assert.rejects(collect(client.predictMany('a', upTo(15), { batchRows: 10, concurrency: 1 })), /because \(rows 10 to 14 of the input\)/)
})

test('an error of the source comes after what was read before it is answered', async () => {
  await using s = await serving(echo)
  async function* broken() {
    yield* upTo(12)
    throw new Error('disk gone')
  }
  const found: number[] = []
  const all = (async () => {
    for await (const { index } of createClient({ url: s.url }).predictMany('a', broken(), { batchRows: 10 })) found.push(index)
  })()
  await assert.rejects(all, /disk gone/)
  assert.equal(found.length, 12)
})

test('an abort ends it at once with the reason given, even while the source or the platform hangs', async () => {
  await using s = await serving(() => {})
  const client = createClient({ url: s.url })
  async function* hanging(first: Numbered[]) {
    yield* first
    await new Promise(() => {})
  }
  for (const source of [upTo(5), hanging([]), hanging(upTo(5))]) {
    const abort = new AbortController()
    setTimeout(() => abort.abort(new Error('enough')), 50)
    await assert.rejects(collect(client.predictMany('a', source, { batchRows: 2, signal: abort.signal })), /enough/)
  }
  await assert.rejects(collect(client.predictMany('a', upTo(5), { signal: AbortSignal.abort(new Error('before')) })), /before/)
  await assert.rejects(collect(client.predictMany('a', upTo(5), { batchRows: 0 })), RangeError)
})
