import { join } from 'node:path'
import { startPlatform } from '../../test/support/platform.ts'
import { cli, FIXTURES } from '../platform.ts'
import type { Figure } from '../report.ts'
import { meanRequest } from './heavy.ts'
import { lateFigure, type Measured, steadyLoad, told } from './load.ts'
import { type AreaOptions, controlOf, deploy } from './rig.ts'

/** So many that the load is not held back for want of connections. */
const CONNECTIONS = 200
/** Rows that may wait: each adds the time of a run to what is accepted. */
const QUEUE_ROWS = 2

/** Twice what a model of some milliseconds can do: what it accepts stays quick, what it cannot take is refused at once, and it does no less than before. */
export async function overload({ rounds, seconds }: AreaOptions): Promise<Figure[]> {
  await using platform = await startPlatform({ args: ['--processes', '1'] })
  await cli(platform, 'models', 'import', join(FIXTURES, 'medium.onnx'), '--name', 'medium')
  await deploy(controlOf(platform), 'medium', 'medium', { queueRows: QUEUE_ROWS })
  await using closed = await steadyLoad(platform.run.http, [meanRequest('medium')], 2)
  await using open = await steadyLoad(platform.run.http, [meanRequest('medium')], CONNECTIONS)
  await closed.closed(seconds)
  const found: { capacity: Measured; quiet: Measured; over: Measured }[] = []
  for (let round = 0; round < rounds; round++) {
    const capacity = await closed.closed(seconds)
    const quiet = await open.open(Math.round(capacity.perSecond * 0.1), seconds)
    const over = await open.open(Math.round(capacity.perSecond * 2), seconds)
    found.push({ capacity, quiet, over })
    process.stderr.write(told(`round ${round + 1}, closed loop`, capacity) + told('  a tenth of it', quiet) + told('  twice', over))
  }
  const others = found.flatMap(({ over }) => Object.entries(over.failed).filter(([kind]) => kind !== '503')).reduce((sum, [, n]) => sum + n, 0)
  const refused = found.map(({ over }) => over.refusedP99).filter((millis) => !Number.isNaN(millis))
  return [
    { name: 'capacity in closed loop', unit: '/s', rounds: found.map(({ capacity }) => capacity.perSecond) },
    { name: 'at a tenth of it, p99', unit: 'ms', rounds: found.map(({ quiet }) => quiet.p99) },
    { name: 'at twice, p99 of what is accepted', unit: 'ms', rounds: found.map(({ over }) => over.p99) },
    { name: 'the one to the other', unit: '×', rounds: found.map(({ quiet, over }) => over.p99 / quiet.p99), bar: { most: 3 } },
    ...(refused.length > 0 ? [{ name: 'at twice, p99 of refusals', unit: 'ms', rounds: refused, bar: { most: 5 } }] : []),
    { name: 'at twice, answers to capacity', unit: '×', rounds: found.map(({ capacity, over }) => over.perSecond / capacity.perSecond), bar: { least: 0.95 } },
    { name: 'failures other than 503', unit: '', rounds: [others], bar: { most: 0 } },
    lateFigure(found.flatMap(({ quiet, over }) => [quiet, over])),
  ]
}
