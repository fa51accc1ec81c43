import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** The commit of the repository that holds `path`, with `+changes` where the path has uncommitted ones; `undefined` outside any. */
export async function commitOf(path: string): Promise<string | undefined> {
  const full = resolve(path)
  const folder = (await stat(full).catch(() => undefined))?.isDirectory() ? full : dirname(full)
  const tracked = await git(folder, ['ls-files', '--', full])
  if (!tracked) return undefined
  const head = await git(folder, ['rev-parse', 'HEAD'])
  if (!head) return undefined
  const changes = await git(folder, ['status', '--porcelain', '--', full])
  return changes ? `${head}+changes` : head
}

function git(folder: string, args: string[]): Promise<string | undefined> {
  return new Promise((done) => {
    // no hooks or pagers of the repository run for these three
    execFile('git', ['-C', folder, ...args], { timeout: 5000, windowsHide: true }, (error, stdout) => done(error ? undefined : stdout.trim()))
  })
}
