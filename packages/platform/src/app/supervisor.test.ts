import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { FairleadError } from '@fairlead/contract'
import { createLogger } from '../kernel/logger.ts'
import { pauseBefore, Supervisor } from './supervisor.ts'

test('a serve process that the machine cannot make fails the start, is tried again after longer and longer pauses, and no more after the end', async () => {
  const lines: { restartInMs?: number }[] = []
  const ended: string[] = []
  const supervisor = new Supervisor({
    processes: 1,
    backoffMs: 20,
    nameFor: (index, sequence) => `serve-${index}-${sequence}`,
    initFor: () => assert.fail('no process ever asked'),
    logger: createLogger('error', (line) => void lines.push(JSON.parse(line) as { restartInMs?: number })),
    onExit: (process) => void ended.push(process),
  })
  const { execPath } = process
  process.execPath = '/nowhere/node'
  try {
    await assert.rejects(supervisor.start(), (error) => error instanceof FairleadError && error.code === 'internal' && /ENOENT/.test(error.message))
    const paused = () => lines.flatMap(({ restartInMs }) => restartInMs ?? [])
    for (let tries = 0; paused().length < 3 && tries < 2000; tries++) await sleep(5)
    const pauses = paused()
    assert.deepEqual(pauses.slice(0, 3), [20, 40, 80])
    assert.deepEqual(ended.slice(0, 3), ['serve-0-1', 'serve-0-2', 'serve-0-3'])
    assert.deepEqual(supervisor.live(), [])
    supervisor.kill()
    const [slot] = supervisor.processes()
    assert.deepEqual([slot?.state, slot?.pid], ['dead', 0])
    const tried = ended.length
    await sleep(400)
    assert.equal(ended.length, tried)
    assert.equal(supervisor.processes()[0]?.id, slot?.id)
  } finally {
    process.execPath = execPath
  }
})

test('a process that ran steadily is started again at once, one that keeps ending later and later', () => {
  assert.equal(pauseBefore({ steady: true, failures: 0 }, 100), 0)
  const pauses = [0, 1, 2, 3, 9].map((failures) => pauseBefore({ steady: false, failures }, 100))
  assert.deepEqual(pauses, [100, 200, 400, 800, 5000])
})
