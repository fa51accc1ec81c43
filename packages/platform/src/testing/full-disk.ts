import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'

/** A folder that runs full after about a megabyte. */
export interface TinyDisk extends Disposable {
  path: string
}

/** Mounts a file system of 1 MB at `path`; `undefined` where this user may not mount. */
export function mountTinyDisk(path: string): TinyDisk | undefined {
  mkdirSync(path, { recursive: true })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  return { path, [Symbol.dispose]: () => void execFileSync('umount', ['-l', path], { stdio: 'ignore' }) }
}
