import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startPlatform } from '../test/support/platform.ts'
import { measureBeside, type Pair, side } from './beside.ts'
import { type LoadRequest, type LoadTask, load, next, start } from './load.ts'
import { cli, executionOf, FIXTURES, importTrees, serveProcess } from './platform.ts'
import type { Figure } from './report.ts'

interface BenchRow {
  features: number[]
  label: number
  probabilities: number[]
}

const ROWS = JSON.parse(readFileSync(join(FIXTURES, 'rows.json'), 'utf8')) as BenchRow[]
const NAMES = Array.from({ length: 30 }, (_, at) => `c${String(at).padStart(2, '0')}`)
const CONNECTIONS = 32

/** The two interfaces, each with its requests. */
const INTERFACES = {
  rows: { path: (name: string) => `/v1/deployments/${name}/predict`, marker: '"predictions"', body: rowBody },
  oip: { path: (name: string) => `/v2/models/${name}/infer`, marker: '"outputs"', body: oipBody },
} as const

/** The same model by both ways to run it, each with the share of the echo's rate that it should have. */
const RUNTIMES = { compiled: 1.5, onnx: 1 } as const

function rowBody(row: BenchRow): string {
  return JSON.stringify({ rows: [Object.fromEntries(NAMES.map((name, at) => [name, row.features[at]]))] })
}

function oipBody(row: BenchRow): string {
  return JSON.stringify({ inputs: [{ name: 'features', shape: [1, 30], datatype: 'FP32', data: row.features }] })
}

/** One row, 32 connections, one serve process, prediction log and metrics on, beside a bare node:http echo. */
export async function serving(options: { rounds: number; seconds: number; fastLane: string }): Promise<Figure[]> {
  await using platform = await startPlatform({ args: ['--processes', '1', '--fast-lane', options.fastLane] })
  await importTrees(platform)
  for (const runtime of Object.keys(RUNTIMES)) {
    await cli(platform, 'deploy', runtime, '--model', 'trees', '--set', `runtime=${runtime}`)
    process.stderr.write(`${await executionOf(platform, runtime)}\n`)
  }
  const generator = start('./load.process.ts')
  const echoes: ChildProcess[] = []
  const port = Number(new URL(platform.run.http).port)
  const pid = await serveProcess(platform)
  try {
    const pairs: Pair[] = []
    const each = Object.entries(RUNTIMES).flatMap(([runtime, least]) =>
      Object.entries(INTERFACES).map(([name, face]) => ({ name: `${name}, ${runtime}`, face, runtime, least })),
    )
    for (const { name, face, runtime, least } of each) {
      const requests = ROWS.map((row) => ({ path: face.path(runtime), body: face.body(row), expect: { label: row.label, probabilities: row.probabilities } }))
      const sample = await sampleAnswer(platform.run.http, requests[0] as LoadRequest)
      const echo = start('./echo.process.ts', [sample])
      echoes.push(echo)
      const { port: echoPort } = await next<{ port: number }>(echo)
      const plain = requests.map(({ path, body }) => ({ path, body }))
      const run = (task: Omit<LoadTask, 'seconds' | 'connections'>) => (seconds: number) => load(generator, { ...task, connections: CONNECTIONS, seconds })
      pairs.push({
        ours: side(name, pid, run({ port, marker: face.marker, requests })),
        echo: side(`echo for ${name}`, pid && echo.pid, run({ port: echoPort, marker: '', requests: plain })),
        least,
      })
    }
    return await measureBeside(pairs, options)
  } finally {
    generator.disconnect()
    for (const echo of echoes) echo.disconnect()
  }
}

async function sampleAnswer(http: string, request: LoadRequest): Promise<string> {
  const answer = await fetch(http + request.path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: request.body as string })
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`The first prediction was answered with ${answer.status}: ${text}`)
  return text
}
