import type { MessagePort } from 'node:worker_threads'
import { FairleadError } from '@fairlead/contract'
import { measureSession } from './measure.ts'
import { runtimeFor } from './runtime-for.ts'
import type { Runtime, Session } from './types.ts'
import { type AnsweredCall, detached, transferable, type WorkerAnswer, type WorkerCall } from './worker-protocol.ts'

/**
 * The worker's side: opens models with one of `runtimes` and runs them as asked over `port`. Never returns; one call is answered
 * after the other.
 */
export function serveSessions(port: MessagePort, runtimes: readonly Runtime[]): void {
  const sessions = new Map<number, Session>()
  /** Bytes of models that come in parts, by the id of their `open`. */
  const gathered = new Map<number, Uint8Array>()
  let last = Promise.resolve()

  async function answer(call: AnsweredCall): Promise<WorkerAnswer> {
    const { id } = call
    if (call.kind === 'open') {
      const artifact = { ...call.artifact, bytes: gathered.get(id) ?? call.artifact.bytes }
      gathered.delete(id)
      const before = process.threadCpuUsage()
      sessions.set(id, await runtimeFor(runtimes, artifact).open(artifact))
      const { user, system } = process.threadCpuUsage(before)
      // of this thread alone: on a busy machine the time on the clock says more about the others than about the model
      return { id, kind: 'ok', millis: (user + system) / 1000 }
    }
    const session = sessions.get(call.session)
    if (!session) throw new FairleadError('model-run-failed', 'the model was unloaded')
    // small answers lie in memory that later ones will lie in, too, which would go with them
    if (call.kind === 'run') return { id, kind: 'ok', outputs: detached(await session.run(call.inputs), true) }
    if (call.kind === 'explain') {
      if (!session.explain) throw new FairleadError('explanation-unavailable', 'the runtime of this model explains nothing')
      return { id, kind: 'ok', explanations: await session.explain(call.inputs) }
    }
    if (call.kind === 'measure') return { id, kind: 'ok', measurement: await measureSession(session, call.inputs, { fixedRows: call.fixedRows }) }
    sessions.delete(call.session)
    await session[Symbol.asyncDispose]()
    return { id, kind: 'ok' }
  }

  async function handle(call: AnsweredCall): Promise<void> {
    const reply = await answer(call).catch((error: unknown): WorkerAnswer => {
      const { code, items } = error instanceof FairleadError ? error : { code: 'internal' as const, items: [] }
      return { id: call.id, kind: 'failed', code, detail: error instanceof Error ? error.message : String(error), items }
    })
    port.postMessage(reply, reply.kind === 'ok' && reply.outputs ? transferable(reply.outputs) : [])
  }

  port.on('message', (call: WorkerCall) => {
    if (call.kind === 'part') {
      const bytes = gathered.get(call.id) ?? new Uint8Array(call.length)
      bytes.set(call.part, call.at)
      gathered.set(call.id, bytes)
    } else last = last.then(() => handle(call))
  })
  port.postMessage({ id: 0, kind: 'ready' } satisfies WorkerAnswer)
}
