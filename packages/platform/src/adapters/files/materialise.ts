import { createReadStream } from 'node:fs'
import { chmod, copyFile, link, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Sha256 } from '../../kernel/digest.ts'
import { uuidv7 } from '../../kernel/ids.ts'
import { checkPath } from '../../kernel/relative-path.ts'
import type { FileBlobStore } from './blobs.ts'
import { systemCode, translated } from './errors.ts'

/**
 * Lays files out under their paths in the folder `into`, as hard links of the stored content where the file system can, and verifies every
 * one. A folder that already holds exactly these files is kept; any other is replaced. Several processes may do it at once.
 * With `copies` they are files of their own, which anybody may read and whose change would change nothing stored.
 * Throws `blob-missing`, `blob-corrupt`, `storage-full`, `request-invalid` for a path that leaves the folder.
 */
export async function materialise(
  blobs: FileBlobStore,
  files: { path: string; digest: string }[],
  into: string,
  { copies = false }: { copies?: boolean } = {},
): Promise<void> {
  for (const { path } of files) checkPath(path)
  if (await holds(into, files)) return
  const building = `${into}.${uuidv7()}.tmp`
  try {
    await mkdir(building, { recursive: true })
    for (const file of files) await place(blobs, file, { folder: building, copies })
    await replace(building, into, files)
  } catch (error) {
    throw translated(error, into)
  } finally {
    await rm(building, { recursive: true, force: true })
  }
}

async function place(blobs: FileBlobStore, file: { path: string; digest: string }, { folder, copies }: { folder: string; copies: boolean }): Promise<void> {
  for await (const _ of blobs.open(file.digest)) {
    // read to the end for the digest only
  }
  const target = join(folder, file.path)
  const source = blobs.pathOf(file.digest)
  await mkdir(dirname(target), { recursive: true })
  if (copies) {
    await copyFile(source, target)
    await chmod(target, 0o444)
    return
  }
  try {
    await link(source, target)
  } catch {
    // another file system, or one without hard links
    await copyFile(source, target)
  }
}

async function replace(building: string, into: string, files: { path: string; digest: string }[]): Promise<void> {
  try {
    await rename(building, into)
  } catch (error) {
    const code = systemCode(error)
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOTDIR') throw error
    if (await holds(into, files)) return
    await rm(into, { recursive: true, force: true })
    await rename(building, into)
  }
}

/** Whether a folder holds exactly these files, by content. */
async function holds(folder: string, files: { path: string; digest: string }[]): Promise<boolean> {
  try {
    const present = await readdir(folder, { recursive: true, withFileTypes: true })
    if (present.filter((entry) => !entry.isDirectory()).length !== files.length) return false
    for (const { path, digest } of files) if ((await digestOf(join(folder, path))) !== digest) return false
    return true
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return false
    throw error
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = new Sha256()
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array)
  return hash.digest()
}
