import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './files.ts'

const SOURCES = ['packages/console/src', 'packages/console/public', 'packages/client/src', 'packages/contract/src']
const FILES = ['packages/console/index.html', 'packages/console/vite.config.ts', 'packages/console/package.json']
const BUILT = 'packages/console/dist/index.html'

/** Whether the console has to be built: it never was, or a source is newer than what was built. */
export function consoleIsStale(root: string = ROOT): boolean {
  const built = join(root, BUILT)
  if (!existsSync(built)) return true
  const since = statSync(built).mtimeMs
  return FILES.some((file) => newer(join(root, file), since)) || SOURCES.some((folder) => anyNewer(join(root, folder), since))
}

/** Builds the console with Vite. Throws with Vite's output when that fails. */
export function buildConsole(): void {
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js')
  const result = spawnSync(process.execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: join(ROOT, 'packages/console'), encoding: 'utf8' })
  if (result.status !== 0) throw new Error(`The console could not be built:\n${result.stdout}${result.stderr}`)
}

function newer(path: string, since: number): boolean {
  return existsSync(path) && statSync(path).mtimeMs > since
}

function anyNewer(folder: string, since: number): boolean {
  if (!existsSync(folder)) return false
  return readdirSync(folder, { withFileTypes: true }).some((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? anyNewer(path, since) : !/\.test\.tsx?$/.test(entry.name) && newer(path, since)
  })
}
