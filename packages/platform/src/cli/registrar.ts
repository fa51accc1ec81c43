import type { Command } from 'commander'
import type { Context } from './context.ts'

/** What a command does; it may answer an exit code other than 0 that is no failure of its own. */
export type Action = (context: Context, args: string[], options: Record<string, unknown>) => Promise<number | undefined>

/** Where commands are hung up. */
export interface Registrar {
  program: Command
  /** Makes a command run `action`, with the global options read. */
  run(command: Command, action: Action): Command
}
