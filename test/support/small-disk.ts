import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { nodeFirst } from './platform.ts'

/** A disk of a few megabytes of memory. */
export interface SmallDisk extends Disposable {
  path: string
  /** Takes all room there is. */
  fill(): void
  /** Gives it back. */
  free(): void
}

/** Mounts a disk at `path`. Throws where this process may not. */
export function mountSmallDisk(path: string, megabytes: number): SmallDisk {
  mkdirSync(path, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path], { stdio: 'pipe' })
  const junk = join(path, 'junk')
  return {
    path,
    fill: () => fillUp(junk),
    free: () => rmSync(junk, { force: true }),
    [Symbol.dispose]: () => void execFileSync('umount', ['-l', path], { stdio: 'pipe' }),
  }
}

function fillUp(path: string): void {
  const file = openSync(path, 'a')
  // in ever smaller pieces, down to the last page
  for (let size = 1 << 20; size >= 4096; ) {
    try {
      if (writeSync(file, Buffer.alloc(size, 1)) < size) size /= 2
    } catch {
      size /= 2
    }
  }
  closeSync(file)
}

/** Whether this process may mount disks. */
export function mayMount(): boolean {
  return spawnSync('unshare', ['--mount', 'true'], { stdio: 'pipe' }).status === 0
}

/** Runs a test file again in name spaces of its own, in which anybody may mount disks. */
export function testWhereMountsAreAllowed(file: string): { status: number | null; output: string } {
  const args = ['--user', '--map-root-user', '--mount', process.execPath, '--test', '--test-reporter', 'spec', file]
  // with the mark of the test runner the file would be taken for a part of this one, and not run
  const { NODE_TEST_CONTEXT: _, ...env } = nodeFirst()
  const { status, stdout, stderr, error } = spawnSync('unshare', args, { env, encoding: 'utf8' })
  return { status, output: error ? String(error) : stdout + stderr }
}
