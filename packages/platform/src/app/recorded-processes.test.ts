import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { temporaryFolder } from '../testing/temporary.ts'
import { killRecorded, recordProcesses } from './recorded-processes.ts'

const sleeper = (): ChildProcess => spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
const pidOf = (child: ChildProcess) => child.pid ?? assert.fail('it was not started')

test('recorded processes that are still there are killed, stopped ones too, and no others', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'processes.json')
  const [running, stopped, ended, other] = [sleeper(), sleeper(), sleeper(), sleeper()]
  try {
    recordProcesses(path, [running, stopped, ended].map(pidOf))
    stopped.kill('SIGSTOP')
    ended.kill('SIGKILL')
    await once(ended, 'exit')
    const ends = Promise.all([once(running, 'exit'), once(stopped, 'exit')])
    assert.deepEqual(killRecorded(path).sort(), [pidOf(running), pidOf(stopped)].sort())
    await ends
    assert.equal(other.exitCode ?? other.signalCode, null)
  } finally {
    other.kill('SIGKILL')
  }
})

test('a process that has the number of a recorded one, but was started at another time, is left alone', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'processes.json')
  const child = sleeper()
  try {
    recordProcesses(path, [pidOf(child)])
    const [entry] = JSON.parse(readFileSync(path, 'utf8')) as { pid: number; started: string }[]
    writeFileSync(path, JSON.stringify([{ ...entry, started: `${entry?.started}1` }]))
    assert.deepEqual(killRecorded(path), [])
    await sleep(100)
    assert.equal(child.exitCode ?? child.signalCode, null)
  } finally {
    child.kill('SIGKILL')
  }
})

test('a file that is missing or says something else kills nobody; without processes there is no file', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'processes.json')
  assert.deepEqual(killRecorded(path), [])
  for (const text of ['', '{}', '[null, 1, {"pid": -1, "started": "x"}, {"pid": "2", "started": "x"}, {"pid": 1}]', '[{"pid":0,"started":"x"}]']) {
    writeFileSync(path, text)
    assert.deepEqual(killRecorded(path), [])
  }
  recordProcesses(path, [])
  assert.equal(existsSync(path), false)
})
