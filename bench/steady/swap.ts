import { setTimeout as sleep } from 'node:timers/promises'
import type { Control } from '../../packages/client/src/index.ts'
import { type RunningPlatform, startPlatform } from '../../test/support/platform.ts'
import { importTrees } from '../platform.ts'
import type { Figure } from '../report.ts'
import { lateFigure, type Measured, steadyLoad, told, treeRequests } from './load.ts'
import { type AreaOptions, controlOf, deploy, residentMegabytes, serveProcesses } from './rig.ts'

const WINDOW_S = 10
const SWAPS = 100
/** Swaps after which the first reading of memory is taken: by then all code is compiled and all pools have their size. */
const SETTLED = 10
const SHARE = 0.5

/** A release that is replaced under steady load: latency and failures around it, and memory after a hundred of them. */
export async function swap({ rounds, seconds }: AreaOptions): Promise<Figure[]> {
  await using platform = await startPlatform({ args: ['--processes', '1'] })
  await importTrees(platform)
  const control = controlOf(platform)
  await deploy(control, 'trees', 'trees')
  await using load = await steadyLoad(platform.run.http, treeRequests('trees'), 64)
  await load.closed(seconds)
  const { perSecond } = await load.closed(seconds)
  const rate = Math.round(perSecond * SHARE)
  process.stderr.write(`${Math.round(perSecond)}/s in closed loop; the steady load is ${rate}/s\n`)
  const [steadyP99, swapP99, ratios]: number[][] = [[], [], []]
  const steps: Measured[] = []
  let failures = 0
  for (let round = 0; round < rounds; round++) {
    const calm = async () => {
      const found = await load.open(rate, WINDOW_S)
      process.stderr.write(told(`round ${round + 1}, steady`, found))
      return found
    }
    const swapped = async () => {
      const running = load.open(rate, WINDOW_S)
      await sleep((WINDOW_S * 1000) / 2)
      await deploy(control, 'trees', 'trees')
      const found = await running
      process.stderr.write(told(`round ${round + 1}, swap`, found))
      return found
    }
    const order = round % 2 === 0 ? [calm, swapped] : [swapped, calm]
    const both = [await order[0]!(), await order[1]!()]
    const [steady, around] = round % 2 === 0 ? both : both.reverse()
    steps.push(steady!, around!)
    steadyP99!.push(steady!.p99)
    swapP99!.push(around!.p99)
    ratios!.push(around!.p99 / steady!.p99)
    failures += [steady!, around!].flatMap(({ failed }) => Object.values(failed)).reduce((sum, n) => sum + n, 0)
  }
  return [
    { name: 'p99 of ten steady seconds', unit: 'ms', rounds: steadyP99! },
    { name: 'p99 of ten seconds around a swap', unit: 'ms', rounds: swapP99! },
    { name: 'the one to the other', unit: '×', rounds: ratios!, bar: { most: 1.5 } },
    { name: 'failed requests in all rounds', unit: '', rounds: [failures], bar: { most: 0 } },
    lateFigure(steps),
    ...(process.platform === 'linux' ? await memory(platform, control) : []),
  ]
}

async function memory(platform: RunningPlatform, control: Control): Promise<Figure[]> {
  const [pid] = await serveProcesses(platform)
  await using load = await steadyLoad(platform.run.http, treeRequests('trees'), 8)
  const megabytes: number[] = []
  for (let swaps = 1; swaps <= SWAPS; swaps++) {
    // requests hold on to the release while it goes, as they do in life
    await Promise.all([deploy(control, 'trees', 'trees'), load.open(200, 0.5)])
    if (swaps % SETTLED !== 0) continue
    megabytes.push(await residentMegabytes(pid!))
    process.stderr.write(`${swaps} swaps: ${megabytes.at(-1)?.toFixed(1)} MB\n`)
  }
  const [first, last] = [megabytes[0] as number, megabytes.at(-1) as number]
  return [
    { name: `memory of the serve process after ${SETTLED} swaps`, unit: 'MB', rounds: [first] },
    { name: `memory of the serve process after ${SWAPS} swaps`, unit: 'MB', rounds: [last] },
    { name: 'the one to the other', unit: '×', rounds: [last / first], bar: { most: 1.05 } },
  ]
}
