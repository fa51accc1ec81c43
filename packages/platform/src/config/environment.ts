import { getCompileCacheDir } from 'node:module'
import { homedir } from 'node:os'

/** Variables of a process's environment. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The environment of this process; the one place that reads it. */
export function processEnvironment(): Environment {
  return process.env
}

/**
 * The environment of a serve process. ONNX Runtime sends usage data unless it is told not to before it is loaded; compiled code is taken
 * from where this process keeps its own. The C library (glibc) keeps memory for each thread apart unless told otherwise: some megabytes
 * a process, which does its work on one thread.
 */
export function childEnvironment(): NodeJS.ProcessEnv {
  const cache = getCompileCacheDir()
  return { MALLOC_ARENA_MAX: '2', ...process.env, ORT_DISABLE_TELEMETRY: '1', ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }) }
}

/** The home of the user that this process runs as. */
export function homeFolder(): string {
  return homedir()
}
