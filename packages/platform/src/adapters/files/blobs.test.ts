import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { sha256 } from '../../kernel/digest.ts'
import { blobSuite, hasCode, pieces } from '../../testing/blob-suite.ts'
import { mountTinyDisk } from '../../testing/full-disk.ts'
import { temporaryFolder } from '../../testing/temporary.ts'
import { fileBlobs } from './blobs.ts'

const BLOBS = new URL('./blobs.ts', import.meta.url).href

async function leftovers(root: string): Promise<number> {
  return (await readdir(join(root, 'tmp')).catch(() => [])).length
}

blobSuite('files', async () => {
  const folder = await temporaryFolder()
  const store = fileBlobs({ root: folder.path })
  return {
    store,
    async damage(digest) {
      const path = store.pathOf(digest)
      const bytes = await readFile(path)
      bytes[0] = (bytes[0] ?? 0) ^ 1
      await chmod(path, 0o644)
      await writeFile(path, bytes)
    },
    leftovers: () => leftovers(folder.path),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
})

test('files lie under the first two hex digits and cannot be written', async () => {
  await using folder = await temporaryFolder()
  const store = fileBlobs({ root: folder.path })
  const { digest } = await store.put(pieces('abc'))
  const path = join(folder.path, 'sha256', 'ba', digest.slice(7))
  assert.equal(store.pathOf(digest), path)
  assert.equal((await stat(path)).mode & 0o222, 0)
})

test('kill -9 while a file is being written leaves no blob, and tidying removes the rest', async () => {
  await using folder = await temporaryFolder()
  const program = `
    const { fileBlobs } = await import(${JSON.stringify(BLOBS)})
    async function* endless() { for (;;) { yield Buffer.alloc(65536, 1); console.log('piece'); await new Promise((r) => setTimeout(r, 5)) } }
    await fileBlobs({ root: ${JSON.stringify(folder.path)} }).put(endless())`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.equal(await leftovers(folder.path), 1)
  const store = fileBlobs({ root: folder.path })
  await store.tidy()
  assert.equal(await leftovers(folder.path), 0)
  for await (const digest of store.list()) assert.fail(`${digest} should not be there`)
})

test('a full disk refuses the file, keeps nothing of it and stays usable', async () => {
  await using folder = await temporaryFolder()
  using disk = mountTinyDisk(join(folder.path, 'disk'))
  // without the right to mount, the limit on file size in the next test is the only witness
  if (!disk) return
  const store = fileBlobs({ root: disk.path })
  await store.put(pieces('first'))
  await assert.rejects(store.put(pieces(...Array.from({ length: 40 }, () => Buffer.alloc(65536, 3)))), hasCode('storage-full', disk.path))
  assert.equal(await leftovers(disk.path), 0)
  await store.put(pieces(Buffer.alloc(100_000)))
  assert.equal(Buffer.from(await store.read(sha256('first'))).toString(), 'first')
})

test('a write that the system refuses for its size is told as no room', async () => {
  await using folder = await temporaryFolder()
  const program = `
    const { fileBlobs } = await import(${JSON.stringify(BLOBS)})
    async function* large() { for (let i = 0; i < 40; i++) yield Buffer.alloc(65536, 1) }
    await fileBlobs({ root: ${JSON.stringify(folder.path)} }).put(large()).catch((error) => console.log(error.code))`
  const script = join(folder.path, 'program.mjs')
  await writeFile(script, program)
  const run = spawnSync('sh', ['-c', `ulimit -f 100 && exec "$0" "$1"`, process.execPath, script], { encoding: 'utf8' })
  assert.equal(run.stdout.trim(), 'storage-full', run.stderr)
  assert.equal(await leftovers(folder.path), 0)
})
