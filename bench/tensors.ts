import { startPlatform } from '../test/support/platform.ts'
import { type LoadResult, type LoadTask, load, next, start } from './load.ts'
import { cli, processorMicros, serveProcess } from './platform.ts'
import type { Figure } from './report.ts'
import { binaryTensors, IDENTITY } from './serving/requests.ts'

const CONNECTIONS = 8

interface Side {
  name: string
  task: Omit<LoadTask, 'seconds'>
  pid: number | undefined
  results: LoadResult[]
  /** Processor time a request of each round, in microseconds. */
  micros: number[]
}

async function round(generator: ReturnType<typeof start>, side: Side, seconds: number): Promise<void> {
  const { pid } = side
  const before = pid === undefined ? 0 : processorMicros(pid)
  const result = await load(generator, { ...side.task, seconds })
  side.results.push(result)
  if (pid !== undefined) side.micros.push((processorMicros(pid) - before) / result.requests)
}

/**
 * A tensor of 602,112 bytes as binary through a model that gives it back, prediction log and metrics on, one serve process, beside a bare node:http
 * server that gives back the same bytes. Every answer is compared byte for byte.
 */
export async function tensors(options: { rounds: number; seconds: number; fastLane: string }): Promise<Figure[]> {
  await using platform = await startPlatform({ args: ['--processes', '1', '--fast-lane', options.fastLane] })
  await cli(platform, 'models', 'import', IDENTITY, '--name', 'identity')
  await cli(platform, 'deploy', 'identity', '--model', 'identity')
  const generator = start('./load.process.ts')
  const echo = start('./echo.process.ts')
  try {
    const { port: echoPort } = await next<{ port: number }>(echo)
    const requests = binaryTensors('/v2/models/identity/infer')
    const side = (name: string, port: number, pid: number | undefined): Side => {
      return { name, task: { port, connections: CONNECTIONS, marker: '', requests }, pid, results: [], micros: [] }
    }
    const pid = await serveProcess(platform)
    const ours = side('tensor', Number(new URL(platform.run.http).port), pid)
    const bare = side('echo', echoPort, pid === undefined ? undefined : echo.pid)
    for (const one of [bare, ours]) await load(generator, { ...one.task, seconds: Math.min(2, options.seconds * 2) })
    for (let n = 0; n < options.rounds; n++) {
      for (const one of n % 2 === 0 ? [bare, ours] : [ours, bare]) await round(generator, one, options.seconds)
      process.stderr.write(`round ${n + 1} of ${options.rounds}\n`)
    }
    return figures(ours, bare)
  } finally {
    generator.disconnect()
    echo.disconnect()
  }
}

function figures(ours: Side, echo: Side): Figure[] {
  const of = (side: Side, pick: (result: LoadResult) => number): number[] => side.results.map(pick)
  const micros = (side: Side): Figure[] =>
    side.micros.length === 0 ? [] : [{ name: `${side.name}: processor time a request`, unit: 'µs', rounds: side.micros }]
  return [
    { name: 'tensor: requests', unit: '/s', rounds: of(ours, (result) => result.perSecond) },
    { name: 'echo: requests', unit: '/s', rounds: of(echo, (result) => result.perSecond) },
    {
      name: 'tensor: of the echo',
      unit: '×',
      rounds: ours.results.map((result, at) => result.perSecond / echo.results[at]!.perSecond),
      bar: { least: 0.9 },
    },
    ...micros(ours),
    ...micros(echo),
    { name: 'tensor: p50', unit: 'µs', rounds: of(ours, (result) => result.p50) },
    { name: 'tensor: p99', unit: 'µs', rounds: of(ours, (result) => result.p99) },
    { name: 'the generator was busy', unit: '×', rounds: of(ours, (result) => result.busy) },
  ]
}
