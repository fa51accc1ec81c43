import { availableParallelism } from 'node:os'
import { type RunningPlatform, startPlatform } from '../../test/support/platform.ts'
import { importTrees, processorMicros } from '../platform.ts'
import type { Figure } from '../report.ts'
import { type SteadyLoad, steadyLoad, told, treeRequests } from './load.ts'
import { type AreaOptions, controlOf, deploy, serveProcesses } from './rig.ts'

/** So many that the kernel, which deals connections out by chance, deals about evenly. */
const CONNECTIONS = 256
/** Of what one process does in closed loop, each process has this share in open loop: a process that has more to do at a time needs less for each. */
const SHARE = 0.25

interface Side {
  platform: RunningPlatform
  load: SteadyLoad
  pids: number[]
  perSecond: number[]
  /** Processor time of all serve processes for a request. */
  micros: number[]
  /** Largest share of the requests that one process had, over the mean. */
  uneven: number[]
}

/** One serve process and two, turn by turn (Linux). */
export async function processes({ rounds, seconds }: AreaOptions): Promise<Figure[]> {
  if (process.platform !== 'linux') throw new Error('This area reads /proc, which only Linux has.')
  await using one = await side(1)
  await using two = await side(2)
  for (const { load } of [one, two]) await load.closed(seconds)
  const each = Math.round((await one.load.closed(seconds)).perSecond * SHARE)
  process.stderr.write(`${each}/s for each process in open loop\n`)
  for (let round = 0; round < rounds; round++) {
    for (const own of round % 2 === 0 ? [one, two] : [two, one]) await measure(own, each, seconds)
    process.stderr.write(`round ${round + 1} of ${rounds}\n`)
  }
  const ratio = (pick: (own: Side) => number[]) => pick(two).map((value, at) => value / (pick(one)[at] as number))
  // the generator needs a core of its own, or it takes what the second process would have
  const cores = availableParallelism()
  return [
    { name: 'one process: processor time a request', unit: 'µs', rounds: one.micros },
    { name: 'two processes: processor time a request', unit: 'µs', rounds: two.micros },
    { name: 'two to one', unit: '×', rounds: ratio(({ micros }) => micros), bar: { most: 1.05 } },
    { name: 'two processes: the busier one over the mean', unit: '×', rounds: two.uneven, bar: { most: 1.1 } },
    { name: 'one process: requests in closed loop', unit: '/s', rounds: one.perSecond },
    { name: 'two processes: requests in closed loop', unit: '/s', rounds: two.perSecond },
    { name: `two to one, on ${cores} cores`, unit: '×', rounds: ratio(({ perSecond }) => perSecond), ...(cores >= 4 ? { bar: { least: 1.8 } } : {}) },
  ]
}

async function side(count: number): Promise<Side & AsyncDisposable> {
  const platform = await startPlatform({ args: ['--processes', String(count)] })
  try {
    await importTrees(platform)
    await deploy(controlOf(platform), 'trees', 'trees')
    const load = await steadyLoad(platform.run.http, treeRequests('trees'), CONNECTIONS)
    const dispose = async () => {
      await load[Symbol.asyncDispose]()
      await platform[Symbol.asyncDispose]()
    }
    const pids = await serveProcesses(platform)
    if (pids.length !== count) throw new Error(`${pids.length} serve processes where ${count} were started`)
    return { platform, load, pids, perSecond: [], micros: [], uneven: [], [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await platform[Symbol.asyncDispose]()
    throw error
  }
}

async function measure(own: Side, each: number, seconds: number): Promise<void> {
  own.perSecond.push((await own.load.closed(seconds)).perSecond)
  const before = own.pids.map(processorMicros)
  const found = await own.load.open(each * own.pids.length, seconds)
  if (Object.keys(found.failed).length > 0) throw new Error(`Requests failed: ${JSON.stringify(found.failed)}`)
  process.stderr.write(told(`${own.pids.length} processes`, found))
  const spent = own.pids.map((pid, at) => processorMicros(pid) - (before[at] as number))
  const total = spent.reduce((sum, micros) => sum + micros, 0)
  own.micros.push(total / found.requests)
  // requests of one model cost the same, so that time of the processor is shared as they are
  own.uneven.push((Math.max(...spent) * own.pids.length) / total)
}
