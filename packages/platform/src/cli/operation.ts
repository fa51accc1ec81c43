import type { Control } from '@fairlead/client'
import { ERRORS, type ErrorCode, FairleadError } from '@fairlead/contract'
import type { Operation } from '@fairlead/contract/control'
import type { Progress } from './progress.ts'

/** Follows an operation to its end, showing its steps. Throws its error when it failed. */
export async function followOperation(control: Control, started: Operation, progress: Progress): Promise<Operation> {
  let latest = started
  try {
    if (latest.state === 'running') latest = await watch(control, latest, progress)
    while (latest.state === 'running') {
      latest = await control.call('getOperation', { params: { operation: started.id }, query: { wait: 30 } })
      progress.update(latest.step, latest.progress)
    }
  } finally {
    progress.end()
  }
  if (latest.error) throw new FairleadError(latest.error.code in ERRORS ? (latest.error.code as ErrorCode) : 'internal', latest.error.detail)
  return latest
}

async function watch(control: Control, started: Operation, progress: Progress): Promise<Operation> {
  let latest = started
  try {
    for await (const { data } of control.stream('watchOperation', { params: { operation: started.id } })) {
      if (data?.id !== started.id) continue
      latest = data
      progress.update(latest.step, latest.progress)
      if (latest.state !== 'running') break
    }
  } catch {
    // the stream may break where a proxy cuts it; asking for the operation tells what became of it
  }
  return latest
}
