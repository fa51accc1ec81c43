import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { temporaryFolder } from '../../testing/temporary.ts'
import { attendFolder, lockFolder, unattended } from './lock.ts'

const LOCK = new URL('./lock.ts', import.meta.url).href

async function holderOf(dir: string, how = 'lockFolder'): Promise<ChildProcess> {
  const program = `const { ${how} } = await import(${JSON.stringify(LOCK)}); globalThis.held = ${how}(${JSON.stringify(dir)}); console.log('held'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout ?? child, 'data')
  return child
}

test('the second holder is refused with the first one named; kill -9 of the first frees the folder', async () => {
  await using folder = await temporaryFolder()
  const child = await holderOf(folder.path)
  try {
    assert.throws(
      () => lockFolder(folder.path),
      (error) =>
        error instanceof FairleadError && error.code === 'data-locked' && error.message.includes(`process ${child.pid}`) && error.message.includes('--data'),
    )
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  using _ = lockFolder(folder.path)
})

test('within one process too, and disposing frees it', async () => {
  await using folder = await temporaryFolder()
  const first = lockFolder(folder.path)
  assert.throws(
    () => lockFolder(folder.path),
    (error) => error instanceof FairleadError && error.code === 'data-locked',
  )
  first[Symbol.dispose]()
  first[Symbol.dispose]()
  using _ = lockFolder(join(folder.path, 'a', 'new', 'one'))
  using __ = lockFolder(folder.path)
})

test('a folder that cannot be written is named', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'file'), '')
  for (const dir of [join(folder.path, 'file'), join(folder.path, 'file', 'below')]) {
    assert.throws(
      () => lockFolder(dir),
      (error) => error instanceof FairleadError && error.code === 'data-unwritable' && error.message.includes(dir) && error.message.includes('--data'),
    )
  }
})

test('those who attend a folder are waited for, however they end', async () => {
  await using folder = await temporaryFolder()
  assert.equal(await unattended(folder.path, 0), true)
  const children = await Promise.all([holderOf(folder.path, 'attendFolder'), holderOf(folder.path, 'attendFolder')])
  try {
    assert.equal(await unattended(folder.path, 0), false)
    children[0]?.kill('SIGKILL')
    assert.equal(await unattended(folder.path, 200), false)
    setTimeout(() => children[1]?.kill('SIGKILL'), 100)
    assert.equal(await unattended(folder.path, 10_000), true)
  } finally {
    for (const child of children) child.kill('SIGKILL')
  }
})

test('who attended before does not keep others from it', async () => {
  await using folder = await temporaryFolder()
  const one = attendFolder(folder.path)
  using _ = attendFolder(folder.path)
  one[Symbol.dispose]()
  one[Symbol.dispose]()
})

test('a damaged file of attendance is named, with what to do about it', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'attend.db'), 'x'.repeat(5000))
  await assert.rejects(unattended(folder.path, 0), { code: 'file-unreadable', message: /attend\.db is damaged.*remove it/ })
})
