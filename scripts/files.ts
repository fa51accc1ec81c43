import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root folder. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))

const LEFT_OUT = new Set(['node_modules', 'dist', '.git', '.venv', '.fairlead'])

/** Files below a folder whose path passes the test, as paths relative to the repository with `/`; sorted. */
export function filesBelow(folder: string, accept: (path: string) => boolean): string[] {
  const found: string[] = []
  const walk = (at: string): void => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const path = join(at, entry.name)
      if (entry.isDirectory() && !LEFT_OUT.has(entry.name)) walk(path)
      else if (entry.isFile()) {
        const name = relative(ROOT, path).split(sep).join('/')
        if (accept(name)) found.push(name)
      }
    }
  }
  walk(join(ROOT, folder))
  return found.sort()
}

/** Text of the files below a folder, by path relative to the repository. */
export function readTree(folder: string, accept: (path: string) => boolean): Map<string, string> {
  return new Map(filesBelow(folder, accept).map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]))
}
