import { setTimeout as sleep } from 'node:timers/promises'
import type { Control } from '../../packages/client/src/index.ts'
import { startPlatform } from '../../test/support/platform.ts'
import { importTrees } from '../platform.ts'
import type { Figure } from '../report.ts'
import { steadyLoad, told, treeRequests } from './load.ts'
import { type AreaOptions, controlOf, deploy } from './rig.ts'

const WINDOW_S = 6
const SHARE = 0.2
const CONNECTIONS = 64
/** After so long a process counts as one that ran steadily: pauses before restarts are for those that keep dying. */
const STEADY_S = 31

/** One of two serve processes is killed under steady load: what is lost, how soon its callers know, when it is back. */
export async function fault({ rounds, seconds }: AreaOptions): Promise<Figure[]> {
  await using platform = await startPlatform({ args: ['--processes', '2'] })
  await importTrees(platform)
  const control = controlOf(platform)
  await deploy(control, 'trees', 'trees')
  await using load = await steadyLoad(platform.run.http, treeRequests('trees'), CONNECTIONS)
  await load.closed(seconds)
  const { perSecond } = await load.closed(seconds)
  const rate = Math.round(perSecond * SHARE)
  process.stderr.write(`${Math.round(perSecond)}/s in closed loop; the steady load is ${rate}/s\n`)
  const lost: number[] = []
  const hung: number[] = []
  const back: number[] = []
  const answering: number[] = []
  for (let round = 0; round < rounds; round++) {
    await sleep(STEADY_S * 1000)
    const running = load.open(rate, WINDOW_S)
    await sleep(1500)
    const killed = await kill(control, round)
    const times = await Promise.all([untilBack(control, killed), untilNext(platform.run.http)])
    back.push(times[0])
    answering.push(times[1])
    const found = await running
    process.stderr.write(told(`round ${round + 1}`, found))
    if (found.failed.timeout || found.failures.some(({ kind }) => /^\d+$|wrong/.test(kind)))
      throw new Error(`Requests failed otherwise than by a broken connection: ${JSON.stringify(found.failed)}`)
    lost.push(found.failures.length)
    // each from when it was sent or due, whichever the caller counts from: a request that waits for an answer that will not come hangs
    hung.push(found.failures.reduce((most, { afterMs }) => Math.max(most, afterMs), 0))
  }
  return [
    { name: 'requests lost', unit: '', rounds: lost, bar: { most: CONNECTIONS } },
    { name: 'longest until the caller of a lost one knows', unit: 'ms', rounds: hung, bar: { most: 250 } },
    { name: 'from the crash to the next answer on a new connection', unit: 'ms', rounds: answering, bar: { most: 250 } },
    { name: 'from the crash until the process is back', unit: 'ms', rounds: back, bar: { most: 1000 } },
  ]
}

async function serving(control: Control) {
  return (await control.call('getStatus')).processes.filter(({ role }) => role === 'serve')
}

/** Ends one of the processes as a crash in native code would. */
async function kill(control: Control, round: number): Promise<number> {
  const all = await serving(control)
  const victim = all[round % all.length]
  if (!victim) throw new Error('There is no serve process.')
  process.kill(victim.pid, round % 2 === 0 ? 'SIGSEGV' : 'SIGKILL')
  return victim.pid
}

/** Milliseconds until another process is ready in place of the one that was killed. */
async function untilBack(control: Control, killed: number): Promise<number> {
  const begin = performance.now()
  for (;;) {
    const all = await serving(control)
    if (all.length === 2 && all.every(({ pid, state }) => pid !== killed && state === 'ready')) return performance.now() - begin
    if (performance.now() - begin > 30_000) throw new Error('The process was not back within 30 s.')
    await sleep(10)
  }
}

/** Milliseconds until a new connection is answered. One that the kernel gave to the process before it died may break, and is tried again. */
async function untilNext(http: string): Promise<number> {
  const begin = performance.now()
  while (performance.now() - begin < 30_000) {
    const answer = await fetch(`${http}/v2/health/ready`, { headers: { connection: 'close' } }).catch(() => undefined)
    await answer?.arrayBuffer()
    if (answer?.status === 200) return performance.now() - begin
  }
  throw new Error('Nothing answered within 30 s.')
}
