/** Variables of a process's environment. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The environment of this process; the one place that reads it. */
export function processEnvironment(): Environment {
  return process.env
}
