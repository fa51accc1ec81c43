import { startPlatform } from '../../test/support/platform.ts'
import { importTrees, processorMicros } from '../platform.ts'
import type { Figure } from '../report.ts'
import { type SteadyLoad, steadyLoad, told, treeRequests } from './load.ts'
import { type AreaOptions, controlOf, deploy, serveProcesses } from './rig.ts'

interface Side {
  name: string
  load: SteadyLoad
  perSecond: number[]
  micros: number[]
  /** The same of the process that turns closed segments of the log into Parquet. */
  control: number[]
}

/** The same model with and without the prediction log, in one process, turn by turn. */
export async function log({ rounds, seconds }: AreaOptions): Promise<Figure[]> {
  await using platform = await startPlatform({ args: ['--processes', '1'] })
  await importTrees(platform)
  const control = controlOf(platform)
  await deploy(control, 'logged', 'trees', { logEnabled: true })
  await deploy(control, 'unlogged', 'trees', { logEnabled: false })
  await using logged = await steadyLoad(platform.run.http, treeRequests('logged'), 32)
  await using unlogged = await steadyLoad(platform.run.http, treeRequests('unlogged'), 32)
  const [on, off]: Side[] = [
    { name: 'log on', load: logged, perSecond: [], micros: [], control: [] },
    { name: 'log off', load: unlogged, perSecond: [], micros: [], control: [] },
  ]
  const [pid] = process.platform === 'linux' ? await serveProcesses(platform) : []
  for (const { load } of [on!, off!]) await load.closed(seconds)
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 === 0 ? [on!, off!] : [off!, on!]) {
      const spent = () => (pid === undefined ? [0, 0] : [processorMicros(pid), processorMicros(platform.run.pid)])
      const [serve, control] = spent()
      const found = await side.load.closed(seconds)
      if (Object.keys(found.failed).length > 0) throw new Error(`Requests failed: ${JSON.stringify(found.failed)}`)
      const [serveNow, controlNow] = spent()
      side.micros.push((serveNow! - serve!) / found.requests)
      side.control.push((controlNow! - control!) / found.requests)
      side.perSecond.push(found.perSecond)
      process.stderr.write(told(`round ${round + 1}, ${side.name}`, found))
    }
  }
  const ratio = (pick: (side: Side) => number[]) => pick(on!).map((value, at) => value / (pick(off!)[at] as number))
  const cost = ({ name, micros, control }: Side): Figure[] => [
    { name: `${name}: processor time a request`, unit: 'µs', rounds: micros },
    { name: `${name}: the same in control`, unit: 'µs', rounds: control },
  ]
  return [
    { name: 'log on: requests', unit: '/s', rounds: on!.perSecond },
    { name: 'log off: requests', unit: '/s', rounds: off!.perSecond },
    { name: 'on to off', unit: '×', rounds: ratio(({ perSecond }) => perSecond), bar: { least: 0.93 } },
    ...(pid === undefined ? [] : [...cost(on!), ...cost(off!), { name: 'processor time, on to off', unit: '×', rounds: ratio(({ micros }) => micros) }]),
  ]
}
