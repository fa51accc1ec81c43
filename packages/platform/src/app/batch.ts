import { fork } from 'node:child_process'
import { FairleadError } from '@fairlead/contract'
import type { JobEnd, JobProcesses, JobTask, ProgressReport } from '../domain/batch/index.ts'
import { thrownAgain } from './batch-errors.ts'
import type { BatchInit, BatchMessage } from './batch-messages.ts'

const MAIN = new URL(import.meta.url.endsWith('.ts') ? './batch-main.ts' : './batch-main.js', import.meta.url)
const PREVIEW_MS = 60_000

/** Runs each job in a process of its own: what crashes or fills the memory there is one job. It is ended by a signal at any moment, and nothing is lost but the shards in hand. */
export function jobProcesses({ cwd, ...own }: Pick<BatchInit, 'dataDir' | 'interpreters' | 'features'> & { cwd: string }): JobProcesses {
  const start = (init: BatchInit, told: (message: BatchMessage) => void) => {
    const child = fork(MAIN, [], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
      execArgv: ['--disable-warning=ExperimentalWarning'],
      cwd,
    })
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message))
      child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`))
    })
    child.on('message', (message) => told(message as BatchMessage))
    child.send(init, () => {})
    return { ended, kill: () => void child.kill('SIGKILL') }
  }
  return {
    start(task: JobTask, told: (report: ProgressReport) => void) {
      let end: JobEnd | undefined
      const { ended, kill } = start({ kind: 'run', task, ...own }, (message) => {
        if (message.kind === 'progress') told(message.report)
        else if (message.kind === 'ended') end = { kind: 'ended', outcome: message.outcome }
        else if (message.kind === 'failed') end = { kind: 'failed', error: { code: message.error.code, detail: message.error.detail } }
      })
      return { kill, end: ended.then((how) => end ?? { kind: 'gone', how }) }
    },
    async preview(task) {
      let answer: BatchMessage | undefined
      const { ended, kill } = start({ kind: 'preview', task, ...own }, (message) => {
        answer = message
      })
      const timer = setTimeout(kill, PREVIEW_MS)
      const how = await ended.finally(() => clearTimeout(timer))
      if (answer?.kind === 'preview') return answer.preview
      if (answer?.kind === 'failed') throw thrownAgain(answer.error)
      throw new FairleadError('job-crashed', `The process that looked at the files ended with ${how}.`)
    },
  }
}
