import { join } from 'node:path'
import { startPlatform } from '../../test/support/platform.ts'
import type { LoadRequest } from '../load.ts'
import { cli, FIXTURES, importTrees } from '../platform.ts'
import type { Figure } from '../report.ts'
import { lateFigure, type Measured, steadyLoad, told, treeRequests } from './load.ts'
import { type AreaOptions, controlOf, deploy } from './rig.ts'

/** Share of what the cheap model can do in closed loop that is asked of it. */
const SHARE = 0.3

const X = [0, 1, 2, 3, 4, 5, 6, 7].map((at) => at / 8)
/** A request to a model that answers with the mean of its row, after much work for nothing. */
export function meanRequest(deployment: string): LoadRequest {
  return {
    path: `/v2/models/${deployment}/infer`,
    body: JSON.stringify({ inputs: [{ name: 'x', shape: [1, 8], datatype: 'FP32', data: X }] }),
    expect: { values: Float32Array.of(0.4375) },
  }
}

/** A cheap model alone, and beside one that runs for 200 ms, again and again. */
export async function heavy({ rounds, seconds }: AreaOptions): Promise<Figure[]> {
  await using platform = await startPlatform({ args: ['--processes', '1'] })
  await importTrees(platform)
  await cli(platform, 'models', 'import', join(FIXTURES, 'heavy.onnx'), '--name', 'heavy')
  const control = controlOf(platform)
  await deploy(control, 'trees', 'trees')
  await deploy(control, 'heavy', 'heavy')
  await using cheap = await steadyLoad(platform.run.http, treeRequests('trees'), 32)
  await using beside = await steadyLoad(platform.run.http, [meanRequest('heavy')], 1)
  await cheap.closed(seconds)
  const { perSecond } = await cheap.closed(seconds)
  const rate = Math.round(perSecond * SHARE)
  process.stderr.write(`${Math.round(perSecond)}/s in closed loop; the steady load is ${rate}/s\n`)
  const step = Math.max(5, seconds)
  const [alone, together]: Measured[][] = [[], []]
  const heavyP50: number[] = []
  for (let round = 0; round < rounds; round++) {
    const single = async () => void alone!.push(await cheap.open(rate, step))
    const double = async () => {
      const [found, one] = await Promise.all([cheap.open(rate, step), beside.closed(step + 0.5)])
      together!.push(found)
      heavyP50.push(one.p50)
    }
    for (const turn of round % 2 === 0 ? [single, double] : [double, single]) await turn()
    process.stderr.write(told(`round ${round + 1}, alone`, alone!.at(-1)!) + told(`round ${round + 1}, beside the heavy one`, together!.at(-1)!))
  }
  const failures = [...alone!, ...together!].flatMap(({ failed }) => Object.values(failed)).reduce((sum, n) => sum + n, 0)
  return [
    { name: 'cheap model alone, p99', unit: 'ms', rounds: alone!.map(({ p99 }) => p99) },
    { name: 'beside the heavy one, p99', unit: 'ms', rounds: together!.map(({ p99 }) => p99) },
    { name: 'the one to the other', unit: '×', rounds: together!.map(({ p99 }, at) => p99 / alone![at]!.p99), bar: { most: 1.5 } },
    { name: 'cheap model alone, p50', unit: 'ms', rounds: alone!.map(({ p50 }) => p50) },
    { name: 'beside the heavy one, p50', unit: 'ms', rounds: together!.map(({ p50 }) => p50) },
    { name: 'heavy model, p50', unit: 'ms', rounds: heavyP50 },
    { name: 'failed requests in all rounds', unit: '', rounds: [failures], bar: { most: 0 } },
    lateFigure([...alone!, ...together!]),
  ]
}
