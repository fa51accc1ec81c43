import { start } from '../load.ts'
import { type Contender, faceOf, LOADS, type Load, type Place } from './contender.ts'
import { chosen } from './contenders.ts'
import { echo } from './echo.ts'
import { fairlead } from './fairlead.ts'
import { type Block, type Effort, type Generators, measure, type Started } from './measure.ts'
import { PINNED, pin } from './process.ts'
import { type Failure, type Line, lines, serversTable } from './table.ts'

export interface ServersOptions extends Effort {
  /** How ours runs the trees: `auto`, `onnx`, `compiled`. */
  runtime: string
  only: readonly string[]
  cache: string
}

const WARM_SECONDS = 3

/** What the comparison found. */
export interface ServersReport {
  text: string
  data: { pinned: boolean; loads: Record<string, { lines: Line[]; failures: Failure[] }>; absent: Failure[]; settings: Record<string, string>; blocks: Block[] }
  /** Whether all bars were kept, and all answers of ours and of the echo came. */
  kept: boolean
}

/** Compares ours with other servers: each in its turn runs beside ours and the echo, and rounds alternate between the three. */
export async function servers(options: ServersOptions): Promise<ServersReport> {
  const contenders = chosen(options.only)
  const ours = fairlead(options.runtime)
  const place: Place = { cache: options.cache }
  const generators: Generators = { http: start('./load.process.ts'), grpc: start('./grpc/load.process.ts') }
  const base: Started[] = []
  const blocks: Block[] = []
  const absent: Failure[] = []
  try {
    for (const generator of Object.values(generators)) pin(generator.pid as number, 'generator')
    for (const contender of [echo, ours]) await contender.install(place)
    for (const contender of [echo, ours]) base.push({ contender, running: await contender.start(place) })
    // the first server to be compared shall not meet ours with its code still cold
    for (const load of Object.keys(LOADS) as Load[]) await measure(generators, base, { load, about: 'warm-up', effort: { rounds: 0, seconds: WARM_SECONDS } })
    for (const contender of contenders) {
      const result = await besides(generators, base, { contender, place, effort: options })
      if (Array.isArray(result)) blocks.push(...result)
      else absent.push(result)
    }
  } finally {
    for (const generator of Object.values(generators)) generator.disconnect()
    for (const { running } of base) await running.stop()
  }
  return report(blocks, absent, [echo, ours, ...contenders])
}

async function besides(
  generators: Generators,
  base: readonly Started[],
  what: { contender: Contender; place: Place; effort: Effort },
): Promise<Block[] | Failure> {
  const { contender, place, effort } = what
  const { name, title } = contender
  try {
    process.stderr.write(`${name}: install and start\n`)
    await contender.install(place)
    const running = await contender.start(place)
    try {
      const blocks: Block[] = []
      for (const load of Object.keys(LOADS) as Load[]) {
        if (!faceOf(contender, load)) continue
        process.stderr.write(`${name}: ${LOADS[load].title}\n`)
        blocks.push(await measure(generators, [...base, { contender, running }], { load, about: name, effort }))
      }
      return blocks
    } finally {
      await running.stop()
    }
  } catch (error) {
    return { name, title, failure: (error as Error).message }
  }
}

function report(blocks: Block[], absent: Failure[], contenders: readonly Contender[]): ServersReport {
  const loads = Object.fromEntries((Object.keys(LOADS) as Load[]).map((load) => [load, lines(blocks, load, contenders)]))
  const tables = Object.entries(loads).filter(([, { lines: found, failures }]) => found.length + failures.length > 0)
  const text = [
    ...tables.map(([load, found]) => serversTable(load as Load, found)),
    ...(absent.length === 0 ? [] : [absent.map(({ title, failure }) => `- ${title} could not be run here: ${failure}`).join('\n')]),
    ['### Settings', '', ...contenders.map(({ title, settings: said }) => `- ${title}: ${said}`)].join('\n'),
    ...(PINNED ? [] : ['Servers and generator shared all cores: `taskset` is not there.']),
  ].join('\n\n')
  const ourFailures = Object.values(loads).flatMap(({ failures }) => failures.filter(({ name }) => name === 'fairlead' || name === 'echo'))
  const settings = Object.fromEntries(contenders.map(({ name, settings: said }) => [name, said]))
  return {
    text,
    data: { pinned: PINNED, loads, absent, settings, blocks },
    kept: ourFailures.length === 0 && Object.values(loads).every(({ lines: found }) => found.every(({ kept }) => kept !== false)),
  }
}
