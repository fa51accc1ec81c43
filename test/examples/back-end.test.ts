import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { readCsv } from '../../examples/back-end/csv.ts'
import { ROOT } from '../../scripts/files.ts'
import { EXAMPLE, eventually } from '../life/rig.ts'
import { fairlead, type RunningPlatform, startPlatform } from '../support/platform.ts'
import { type ExampleProgram, startExample } from './program.ts'

const golden = JSON.parse(readFileSync(join(EXAMPLE, 'golden.json'), 'utf8')) as {
  rows: Record<string, unknown>[]
  predictions: { probabilities: { good: number } }[]
}
let platform: RunningPlatform
let service: ExampleProgram

before(async () => {
  platform = await startPlatform({ args: ['--processes', '1', '--apply', EXAMPLE] })
  await eventually('the declaration is applied', () => /sign-in#/.test(platform.output()))
  service = await startExample('back-end/service.ts', { FAIRLEAD_HTTP: platform.run.http })
})

after(async () => {
  await service?.[Symbol.asyncDispose]()
  await platform[Symbol.asyncDispose]()
})

const post = (path: string, body: RequestInit['body']) => fetch(`${service.url}${path}`, { method: 'POST', body: body ?? null })

test('the generated types of the examples are those of the deployment', async () => {
  for (const name of ['back-end', 'website']) {
    const file = join(ROOT, 'examples', name, 'deployments.ts')
    const { code, stdout } = await fairlead(platform.data, ['types', 'credit-risk', '--out', file, '--check'])
    assert.equal(code, 0, `${stdout}Make it again: npx fairlead types credit-risk --out examples/${name}/deployments.ts`)
  }
})

test('an application is decided, as training said', async () => {
  for (const [at, row] of golden.rows.slice(0, 5).entries()) {
    const response = await post('/score', JSON.stringify(row))
    const { decision, good } = (await response.json()) as { decision: string; good: number }
    const expected = golden.predictions[at]!.probabilities.good
    assert.equal(response.status, 200)
    assert.ok(Math.abs(good - expected) < 1e-5)
    assert.equal(decision, expected < 0.7 ? 'review' : 'accept')
  }
})

test('a file of real applications is decided as it streams through, in order', async () => {
  const file = readFileSync(join(EXAMPLE, 'data/applications.csv'))
  const response = await post('/score-file', file)
  assert.equal(response.status, 200, response.ok ? '' : await response.text())
  const [header, ...lines] = (await response.text()).trimEnd().split('\n')
  assert.equal(header, 'row,decision,good,purpose,credit_amount')
  assert.equal(lines.length, 20)
  assert.ok(
    lines.every((line, at) => new RegExp(`^${at},(accept|review),[01]\\.\\d{4},\\w+,\\d+$`).test(line)),
    lines.join('\n'),
  )
})

test('answers come while the file is still being sent', async () => {
  const [header = '', ...rows] = readFileSync(join(EXAMPLE, 'data/applications.csv'), 'utf8').trim().split('\n')
  let send: (lines: string[]) => void = () => {}
  let end = () => {}
  const body = new ReadableStream<Uint8Array>({
    start(out) {
      send = (lines) => out.enqueue(new TextEncoder().encode(lines.map((line) => `${line}\n`).join('')))
      end = () => out.close()
    },
  })
  send([header, ...Array.from({ length: 1000 }, (_, at) => rows[at % rows.length]!)])
  const response = await fetch(`${service.url}/score-file`, { method: 'POST', body, duplex: 'half' } as RequestInit)
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!text.includes('\n999,')) text += (await reader.read()).value ?? assert.fail('it ended')
  send(rows.slice(0, 3))
  end()
  for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value
  assert.equal(text.trimEnd().split('\n').length, 1004)
})

test('what does not fit is refused by its place, and what cannot be decided now is said so', async () => {
  const [row] = golden.rows
  const wrong: [string, string, number, RegExp][] = [
    ['/score', JSON.stringify({ ...row, age: 7 }), 422, /"path":"rows\[0\]\.age"/],
    ['/score', '{"age":', 400, /JSON/],
    ['/score', `"${'x'.repeat(70_000)}"`, 400, /too large/],
    ['/nothing', '', 404, /POST \/score/],
    ['/score-file', 'age,sex\n35\n', 400, /1 values and the header 2/],
    ['/score-file', 'age,sex\n"35,x\n', 400, /not closed/],
    ['/score-file', `${Object.keys(row!).join(',')}\n${Object.values({ ...row, purpose: 'boat' }).join(',')}\n`, 422, /"row":0.*boat|boat.*"row":0/],
  ]
  for (const [path, body, status, reason] of wrong) {
    const response = await post(path, body)
    const text = await response.text()
    assert.deepEqual([response.status, reason.test(text)], [status, true], `${path} ${body.slice(0, 50)}: ${text}`)
  }
  await using lost = await startExample('back-end/service.ts', { FAIRLEAD_HTTP: 'http://127.0.0.1:9' })
  const response = await fetch(`${lost.url}/score`, { method: 'POST', body: JSON.stringify(row) })
  assert.equal(response.status, 503)
  assert.match(await response.text(), /try again/)
  assert.match(lost.said(), /unreachable/)
})

test('CSV is read in any pieces', async () => {
  const text = 'a,"b ""c"", d"\r\n"line\nbreak",é\n"",x'
  for (const size of [1, 3, 100]) {
    const bytes = Buffer.from(text)
    const pieces = async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
    }
    const found: string[][] = []
    for await (const line of readCsv(pieces())) found.push(line)
    assert.deepEqual(found, [
      ['a', 'b "c", d'],
      ['line\nbreak', 'é'],
      ['', 'x'],
    ])
  }
})
