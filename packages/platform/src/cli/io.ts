import type { Readable } from 'node:stream'
import { processEnvironment } from '../config/environment.ts'
import type { Environment } from '../config/index.ts'

/** A stream that text is written to. */
export interface TextSink {
  write(chunk: string | Uint8Array): boolean
  readonly isTTY?: boolean
  readonly columns?: number
}

/** All that a command touches of the process it runs in. */
export interface Io {
  stdin: Readable & { isTTY?: boolean }
  stdout: TextSink
  stderr: TextSink
  env: Environment
  cwd: string
}

/** The streams, environment and folder of this process. */
export function processIo(): Io {
  return { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: processEnvironment(), cwd: process.cwd() }
}
