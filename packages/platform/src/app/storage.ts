import { readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Status } from '@fairlead/contract/control'
import type { DataFolder } from './data-folder.ts'

/** Sizes change slowly, and counting them reads every folder. */
const FRESH_MS = 30_000

/** Bytes of all files below a folder. What vanishes meanwhile counts nothing. */
async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const sizes = entries.map((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return bytesBelow(path)
    return stat(path).then(
      (found) => found.size,
      () => 0,
    )
  })
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

/** What the data folder holds and what room is left, counted at most every half minute. */
export function storageGauge(folder: DataFolder): () => Promise<Status['storage']> {
  let last: { at: number; storage: Promise<Status['storage']> } | undefined
  const measure = async (): Promise<Status['storage']> => {
    const [room, modelBytes, logBytes] = await Promise.all([statfs(folder.root), bytesBelow(folder.blobs), bytesBelow(folder.log)])
    return { dataDir: folder.root, freeBytes: room.bavail * room.bsize, modelBytes, logBytes }
  }
  return () => {
    if (!last || Date.now() - last.at > FRESH_MS) last = { at: Date.now(), storage: measure() }
    return last.storage
  }
}
