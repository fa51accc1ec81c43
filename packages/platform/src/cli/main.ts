import { processIo } from './io.ts'
import { runCommand } from './program.ts'

/** Runs the command line of this process and sets its exit code. */
export async function main(): Promise<void> {
  // a reader that has seen enough (`| head`) closes the pipe: that is no failure
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  process.exitCode = await runCommand(process.argv.slice(2), processIo())
}
