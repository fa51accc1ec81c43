import type { Control } from '@fairlead/client'
import type { Job } from '@fairlead/contract/control'
import type { Context } from './context.ts'
import { duration, figure } from './format.ts'
import { Progress } from './progress.ts'

/** Follows a job until it does not run any more. Ctrl-C pauses it; a second one leaves it as it is. */
export async function followJob({ control, output }: Context, started: Job): Promise<{ job: Job; interrupted: boolean }> {
  const progress = new Progress(output)
  let interrupted = false
  const pause = () => {
    interrupted = true
    process.removeListener('SIGINT', pause)
    process.removeListener('SIGTERM', pause)
    progress.end()
    output.note('pausing the job')
    control.call('pauseJob', { params: { job: started.id } }).catch(() => {})
  }
  process.once('SIGINT', pause)
  process.once('SIGTERM', pause)
  try {
    let job = started
    for await (const next of states(control, started)) {
      job = next
      progress.update(words(job), shareOf(job))
    }
    return { job, interrupted }
  } finally {
    progress.end()
    process.removeListener('SIGINT', pause)
    process.removeListener('SIGTERM', pause)
  }
}

function runs({ state }: Job): boolean {
  return state === 'planned' || state === 'running'
}

async function* states(control: Control, started: Job): AsyncGenerator<Job> {
  const params = { job: started.id }
  let latest = started
  try {
    for await (const { data } of control.stream('watchJob', { params })) {
      if (data?.id !== started.id) continue
      latest = data
      yield latest
      if (!runs(latest)) return
    }
  } catch {
    // the stream may break where a proxy cuts it; asking for the job tells what became of it
  }
  while (runs(latest)) {
    latest = await control.call('getJob', { params, query: { wait: 30 } })
    yield latest
  }
}

function shareOf({ progress: { rows, rowsDone } }: Job): number | null {
  return rows === null || rows === 0 ? null : rowsDone / rows
}

function words({ step, progress: { rows, rowsDone, rejected, rowsPerSecond, leftMs } }: Job): string {
  if (rowsDone === 0) return step
  const many = `${figure(rowsDone)}${rows === null ? '' : ` of ${figure(rows)}`} rows`
  const rate = `${figure(rowsPerSecond)}/s`
  const left = leftMs === null || leftMs < 1000 ? '' : `, ${duration(leftMs)} left`
  return `${many}, ${rate}${left}${rejected > 0 ? `, ${figure(rejected)} rejected` : ''}`
}
