import assert from 'node:assert/strict'
import { once } from 'node:events'
import { getPriority } from 'node:os'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { lowerThreadPriority } from './thread-priority.ts'

/** Runs `body` in a thread and answers what it posts. */
async function inThread(body: string): Promise<unknown> {
  const source = `
    import { parentPort } from 'node:worker_threads'
    import { lowerThreadPriority } from ${JSON.stringify(new URL('./thread-priority.ts', import.meta.url).href)}
    ${body}`
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`))
  const [message] = await once(worker, 'message')
  await worker.terminate()
  return message
}

const linux = process.platform === 'linux'

test('a thread steps back behind the others, and the process stays where it was', async () => {
  const before = getPriority(process.pid)
  const found = await inThread('parentPort.postMessage(lowerThreadPriority())')
  assert.equal(found, linux ? Math.min(19, before + 10) : undefined)
  assert.equal(getPriority(process.pid), before)
})

test('as low as it goes is no error', async () => {
  const found = await inThread('lowerThreadPriority(); lowerThreadPriority(); parentPort.postMessage(lowerThreadPriority())')
  assert.equal(found, linux ? 19 : undefined)
})

test('elsewhere than on Linux nothing is touched', () => {
  const before = getPriority(process.pid)
  const platform = Object.getOwnPropertyDescriptor(process, 'platform')!
  try {
    Object.defineProperty(process, 'platform', { ...platform, value: 'darwin' })
    assert.equal(lowerThreadPriority(), undefined)
  } finally {
    Object.defineProperty(process, 'platform', platform)
  }
  assert.equal(getPriority(process.pid), before)
})
