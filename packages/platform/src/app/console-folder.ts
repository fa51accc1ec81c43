import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the built console lies: in its package. `undefined` where it has not been built. */
export function consoleFolder(): string | undefined {
  const folder = join(dirname(fileURLToPath(import.meta.resolve('@fairlead/console/package.json'))), 'dist')
  return existsSync(join(folder, 'index.html')) ? folder : undefined
}
