import { parentPort, workerData } from 'node:worker_threads'
import { LoadGenerator } from './generate.ts'
import type { FromThread, ThreadTask, ToThread } from './thread.ts'

/** How often the share that is over is told. */
const TELL_MS = 100

const port = parentPort!
const { target, requests } = workerData as ThreadTask
const generator = new LoadGenerator(target, requests)

function tell(message: FromThread): void {
  port.postMessage(message)
}

async function obey(message: ToThread): Promise<void> {
  if (message.kind === 'cancel') return generator.cancel()
  if (message.kind === 'learn') {
    await generator.learn()
    return tell({ kind: 'learnt' })
  }
  let told = 0
  const result = await generator.run(message.step, (share) => {
    if (performance.now() - told < TELL_MS) return
    told = performance.now()
    tell({ kind: 'share', share })
  })
  tell({ kind: 'ran', result })
}

port.on('message', (message: ToThread) => {
  obey(message).catch((error: unknown) => tell({ kind: 'failed', detail: error instanceof Error ? error.message : String(error) }))
})
