import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const WATCHDOG = JSON.stringify(new URL('./watchdog.ts', import.meta.url).href)

/** A process that watches itself and then runs `body`. */
function watched(body: string): ChildProcess {
  const code = `import { startWatchdog } from ${WATCHDOG}
    const watchdog = startWatchdog({ hungAfterMs: 1000, onLimit: (ms) => console.log('limit', ms) })
    const block = (ms) => { for (const until = Date.now() + ms; Date.now() < until; ); }
    ${body}`
  return spawn(process.execPath, ['--input-type=module', '--eval', code], { stdio: ['ignore', 'pipe', 'inherit'] })
}

async function outcome(child: ChildProcess): Promise<{ code: number | null; signal: string | null; said: string; millis: number }> {
  const begun = Date.now()
  let said = ''
  child.stdout?.on('data', (chunk) => (said += chunk))
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  return { code, signal, said, millis: Date.now() - begun }
}

function gone(pid: number): boolean {
  try {
    return /^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return true
  }
}

test('a process whose main thread does not turn is killed, and one that turns now and then is not', { timeout: 20_000 }, async () => {
  const [hung, slow] = await Promise.all([
    outcome(watched(`setTimeout(() => block(60_000), 300)`)),
    outcome(
      watched(`for (let i = 0; i < 6; i++) { block(400); await new Promise((resolve) => setTimeout(resolve, 600)) } console.log('done'); process.exit(0)`),
    ),
  ])
  assert.equal(hung.signal, 'SIGKILL')
  assert.ok(hung.millis < 10_000, String(hung.millis))
  assert.deepEqual([slow.code, slow.said], [0, 'done\n'])
})

test('work that is announced may take longer, also where it fails, and the limit is back after it', { timeout: 20_000 }, async () => {
  const { signal, said } = await outcome(
    watched(`await watchdog.patiently(async () => { await watchdog.patiently(async () => block(1500)); block(1500) })
      await watchdog.patiently(async () => { throw new Error('bad') }).catch(() => {})
      console.log('back', watchdog.limitMs)
      setTimeout(() => block(60_000), 300)`),
  )
  assert.equal(said, 'limit 300000\nlimit 1000\nlimit 300000\nlimit 1000\nback 1000\n')
  assert.equal(signal, 'SIGKILL')
})

test('a process that is stopped and goes on later has not hung', { timeout: 20_000 }, async () => {
  const child = watched(`setTimeout(() => { console.log('alive'); process.exit(0) }, 3500)`)
  setTimeout(() => child.kill('SIGSTOP'), 700)
  setTimeout(() => child.kill('SIGCONT'), 3000)
  const { code, said } = await outcome(child)
  assert.deepEqual([code, said], [0, 'alive\n'])
})

test('a process whose parent is gone is killed though it hangs, whatever its limit', { timeout: 20_000 }, async () => {
  const inner = `import { startWatchdog } from ${WATCHDOG}; startWatchdog({ hungAfterMs: 600000 }); setTimeout(() => { for (;;); }, 300)`
  const outer = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { spawn } from 'node:child_process'
      const child = spawn(process.execPath, ['--input-type=module', '--eval', ${JSON.stringify(inner)}], { stdio: 'ignore' })
      console.log(child.pid)
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1500)`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const { said } = await outcome(outer)
  const pid = Number(said)
  assert.equal(gone(pid), false)
  const begun = Date.now()
  while (!gone(pid)) {
    assert.ok(Date.now() - begun < 8000, 'it is still there')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.ok(Date.now() - begun > 3000, 'it had time to end in order')
})
