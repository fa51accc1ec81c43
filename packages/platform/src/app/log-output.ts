import { join } from 'node:path'
import { LogFile } from './log-file.ts'

/**
 * Where log lines go: to `DIR/logs/<slot>.ndjson` when a person sits at the terminal, so that what `up` prints stays readable, else to
 * standard error, where whatever runs the platform collects it. `slot` is what a process stays after a restart: `platform`, `serve-2`.
 */
export function logOutput(folder: string, slot: string): (line: string) => void {
  if (!process.stderr.isTTY) return (line) => void process.stderr.write(line)
  const file = new LogFile(join(folder, `${slot}.ndjson`))
  return (line) => file.write(line)
}

/** The slot in the name of a serve process, `serve-2` of `serve-2-mfx1-7`: the rest tells its starts apart. */
export function slotOf(process: string): string {
  return /^serve-\d+/.exec(process)?.[0] ?? process
}
