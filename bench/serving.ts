import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startPlatform } from '../test/support/platform.ts'
import { type LoadRequest, type LoadResult, type LoadTask, load, next, start } from './load.ts'
import { cli, executionOf, FIXTURES, importTrees, processorMicros, serveProcess } from './platform.ts'
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
  rows: { path: '/v1/deployments/trees/predict', marker: '"predictions"', body: rowBody },
  oip: { path: '/v2/models/trees/infer', marker: '"outputs"', body: oipBody },
} as const

function rowBody(row: BenchRow): string {
  return JSON.stringify({ rows: [Object.fromEntries(NAMES.map((name, at) => [name, row.features[at]]))] })
}

function oipBody(row: BenchRow): string {
  return JSON.stringify({ inputs: [{ name: 'features', shape: [1, 30], datatype: 'FP32', data: row.features }] })
}

interface Side {
  name: string
  task: Omit<LoadTask, 'seconds'>
  results: LoadResult[]
  /** The process that answers; known on Linux. */
  pid: number | undefined
  /** Processor time a request of each round, in microseconds. */
  micros: number[]
}

/** One round of a side. */
async function round(generator: ChildProcess, side: Side, seconds: number): Promise<void> {
  const { pid } = side
  const before = pid === undefined ? 0 : processorMicros(pid)
  const result = await load(generator, { ...side.task, seconds })
  side.results.push(result)
  if (pid !== undefined) side.micros.push((processorMicros(pid) - before) / result.requests)
}

/** One row, 32 connections, one serve process, prediction log and metrics on, beside a bare node:http echo. */
export async function serving(options: { rounds: number; seconds: number; fastLane: string }): Promise<Figure[]> {
  await using platform = await startPlatform({ args: ['--processes', '1', '--fast-lane', options.fastLane] })
  await importTrees(platform)
  await cli(platform, 'deploy', 'trees', '--model', 'trees')
  process.stderr.write(`${await executionOf(platform, 'trees')}\n`)
  const generator = start('./load.process.ts')
  const echoes: ChildProcess[] = []
  const port = Number(new URL(platform.run.http).port)
  const pid = await serveProcess(platform)
  const figures: Figure[] = []
  try {
    const pairs: { ours: Side; echo: Side }[] = []
    for (const [name, face] of Object.entries(INTERFACES)) {
      const requests = ROWS.map((row) => ({ path: face.path, body: face.body(row), expect: { label: row.label, probabilities: row.probabilities } }))
      const sample = await sampleAnswer(platform.run.http, requests[0] as LoadRequest)
      const echo = start('./echo.process.ts', [sample])
      echoes.push(echo)
      const { port: echoPort } = await next<{ port: number }>(echo)
      const plain = requests.map(({ path, body }) => ({ path, body }))
      pairs.push({
        ours: { name, task: { port, connections: CONNECTIONS, marker: face.marker, requests }, results: [], pid, micros: [] },
        echo: {
          name: `echo for ${name}`,
          task: { port: echoPort, connections: CONNECTIONS, marker: '', requests: plain },
          results: [],
          pid: pid === undefined ? undefined : echo.pid,
          micros: [],
        },
      })
    }
    const sides = pairs.flatMap(({ ours, echo }) => [echo, ours])
    for (const side of sides) await load(generator, { ...side.task, seconds: Math.min(2, options.seconds * 2) })
    for (let n = 0; n < options.rounds; n++) {
      const order = n % 2 === 0 ? sides : [...sides].reverse()
      for (const side of order) await round(generator, side, options.seconds)
      process.stderr.write(`round ${n + 1} of ${options.rounds}\n`)
    }
    for (const { ours, echo } of pairs) figures.push(...compare(ours, echo))
  } finally {
    generator.disconnect()
    for (const echo of echoes) echo.disconnect()
  }
  return figures
}

async function sampleAnswer(http: string, request: LoadRequest): Promise<string> {
  const answer = await fetch(http + request.path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: request.body as string })
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`The first prediction was answered with ${answer.status}: ${text}`)
  return text
}

function compare(ours: Side, echo: Side): Figure[] {
  const of = (side: Side, pick: (result: LoadResult) => number): number[] => side.results.map(pick)
  return [
    { name: `${ours.name}: requests`, unit: '/s', rounds: of(ours, (result) => result.perSecond) },
    { name: `${echo.name}: requests`, unit: '/s', rounds: of(echo, (result) => result.perSecond) },
    {
      name: `${ours.name}: of the echo`,
      unit: '×',
      rounds: ours.results.map((result, at) => result.perSecond / (echo.results[at] as LoadResult).perSecond),
      bar: { least: 1 },
    },
    ...(ours.micros.length === 0
      ? []
      : [
          { name: `${ours.name}: processor time a request`, unit: 'µs', rounds: ours.micros },
          { name: `${echo.name}: processor time a request`, unit: 'µs', rounds: echo.micros },
        ]),
    { name: `${ours.name}: p50`, unit: 'µs', rounds: of(ours, (result) => result.p50) },
    { name: `${ours.name}: p99`, unit: 'µs', rounds: of(ours, (result) => result.p99) },
  ]
}
