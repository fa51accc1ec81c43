import { createWriteStream, existsSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'

const MOST_BYTES = 16 << 20

/**
 * Where log lines go: to `DIR/logs/<name>.ndjson` when a person sits at the terminal, so that what `up` prints stays readable, else to
 * standard error, where whatever runs the platform collects it. A file over 16 MB is put aside once at the start.
 */
export function logOutput(folder: string, name: string): (line: string) => void {
  if (!process.stderr.isTTY) return (line) => void process.stderr.write(line)
  const path = join(folder, `${name}.ndjson`)
  if (existsSync(path) && statSync(path).size > MOST_BYTES) renameSync(path, `${path}.1`)
  const stream = createWriteStream(path, { flags: 'a', mode: 0o600 })
  stream.on('error', () => {})
  return (line) => void stream.write(line)
}
