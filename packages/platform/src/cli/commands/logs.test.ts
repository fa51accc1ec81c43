import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakePlatform, type Handler, runFairlead } from '../testing/fake-platform.ts'

const columns = [
  { name: '_id', type: 'string', role: 'log' },
  { name: '_time', type: 'timestamp', role: 'log' },
  { name: 'age', type: 'int64', role: 'input' },
  { name: 'label', type: 'string', role: 'output' },
]
const item = (n: number) => ({ _id: `r/${n}`, _request: 'r', _row: n, _time: new Date().toISOString(), _release: 2, _total_ms: 1.234, age: n, label: 'good' })

function paged(total: number): Handler {
  return ({ query }) => {
    const from = Number(query.next ?? 0)
    const items = Array.from({ length: Math.min(Number(query.limit), total - from) }, (_, i) => item(from + i))
    const next = from + items.length < total ? String(from + items.length) : null
    return { json: { columns, items, next } }
  }
}

test('logs are a table for people and a document for programs, gathered over pages', async () => {
  await using platform = await fakePlatform({ 'GET /deployments/credit-risk/predictions': paged(2500) })
  const args = ['logs', 'credit-risk', '--url', platform.url, '--token', 't']
  const text = await runFairlead([...args, '--limit', '2', '--since', '1h', '--where', 'age > 0', '--release', '2'])
  assert.match(text.stdout, /^TIME +RELEASE +TOOK +age +label\njust now +2 +1\.23 ms +0 +good\n.*\n$/)
  assert.deepEqual(platform.taken[0]?.query, { since: '1h', where: 'age > 0', release: '2', limit: '2' })
  const json = await runFairlead([...args, '--limit', '2200', '--json'])
  const page = JSON.parse(json.stdout)
  assert.deepEqual([page.items.length, page.items[2199]._id, page.columns.length], [2200, 'r/2199', 4])
})

test('csv and parquet pass through as they are', async () => {
  const bytes = Buffer.from([80, 65, 82, 49, 255, 0])
  await using platform = await fakePlatform({
    'GET /deployments/credit-risk/predictions': ({ headers }) =>
      headers.accept === 'text/csv' ? { text: 'a,b\n1,2\n', type: 'text/csv' } : { text: bytes.toString('latin1'), type: String(headers.accept) },
  })
  const args = ['logs', 'credit-risk', '--url', platform.url]
  assert.equal((await runFairlead([...args, '--format', 'csv'])).stdout, 'a,b\n1,2\n')
  const parquet = await runFairlead([...args, '--format', 'parquet'])
  assert.equal(platform.taken.at(-1)?.headers.accept, 'application/vnd.apache.parquet')
  assert.match(parquet.stdout, /^PAR1/)
  const terminal = await runFairlead([...args, '--format', 'parquet'], { tty: true })
  assert.equal(terminal.code, 2)
})

test('an empty log says so, and wrong options are usage errors', async () => {
  await using platform = await fakePlatform({ 'GET /deployments/credit-risk/predictions': paged(0) })
  const args = ['logs', 'credit-risk', '--url', platform.url]
  const none = await runFairlead(args)
  assert.deepEqual([none.code, none.stdout], [0, ''])
  assert.match(none.stderr, /No predictions/)
  for (const bad of [
    ['--format', 'xml'],
    ['--limit', '0'],
    ['--limit', '200000'],
    ['--limit', '200000', '--json'],
    ['--follow', '--format', 'csv'],
    ['--follow', '--until', '1h'],
  ]) {
    assert.equal((await runFairlead([...args, ...bad])).code, 2, bad.join(' '))
  }
})

test('without a limit what is left out is said, but not where it was asked for', async () => {
  await using platform = await fakePlatform({ 'GET /deployments/credit-risk/predictions': paged(2500) })
  const args = ['logs', 'credit-risk', '--url', platform.url]
  const table = await runFairlead(args)
  assert.equal(table.stdout.trim().split('\n').length, 101)
  assert.match(table.stderr, /the newest 100 rows, and there are more/)
  assert.equal((await runFairlead([...args, '--limit', '5'])).stderr, '')
  const whole = await runFairlead([...args, '--json', '--since', '1h'])
  assert.deepEqual([JSON.parse(whole.stdout).items.length, whole.stderr], [2500, ''])
  await runFairlead([...args, '--format', 'csv'])
  assert.equal(platform.taken.at(-1)?.query.limit, undefined)
})

/** A log to which rows are added while it is followed; a cursor is the place of a row in order of time. */
function growing(rounds: { time: number; row: number }[][]): Handler {
  const rows: { time: number; row: number }[] = []
  return ({ query }) => {
    if (query.order === 'oldest' && query.limit === '1000') rows.push(...(rounds.shift() ?? []))
    rows.sort((a, b) => a.time - b.time || a.row - b.row)
    const [time = -1, row = -1] = query.next ? query.next.split('-').map(Number) : []
    const found = rows.filter((one) => one.time > time || (one.time === time && one.row > row))
    const items = (query.order === 'newest' ? found.slice(-1) : found).map((one) => ({ ...item(one.row), _time: new Date(one.time).toISOString() }))
    const last = found.at(-1)
    return { json: { columns, items, next: null, end: last ? `${last.time}-${last.row}` : (query.next ?? null) } }
  }
}

test('a row that comes late is followed too, each is told once, and --limit ends it', { timeout: 20_000 }, async () => {
  const at = Date.parse('2026-01-31T12:00:00Z')
  const rounds = [
    [{ time: at, row: 1 }],
    [
      { time: at + 2000, row: 2 },
      { time: at + 20_000, row: 4 },
    ],
    [{ time: at + 19_000, row: 3 }],
    [{ time: at + 30_000, row: 5 }],
  ]
  await using platform = await fakePlatform({ 'GET /deployments/credit-risk/predictions': growing(rounds) })
  const ran = await runFairlead(['logs', 'credit-risk', '--url', platform.url, '--follow', '--json', '--since', '1h', '--limit', '5'])
  const rows = ran.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line)._row)
  assert.deepEqual([ran.code, rows], [0, [1, 2, 4, 3, 5]])
  const from = platform.taken.filter(({ query }) => query.order === 'oldest').map(({ query }) => query.next)
  assert.ok(from.at(-1) !== undefined, 'it does not begin at the beginning for ever')
})
