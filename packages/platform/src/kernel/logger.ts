/** Severity of a log line, least first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

type Fields = Record<string, unknown>
type Write = (line: string) => void
/** One log call: fields and a message, or a message alone. */
export type LogMethod = (fields: object | string, message?: string) => void

/** Structured log lines, one JSON object each; the shape is the one Fastify expects of a logger. */
export interface Logger {
  level: string
  trace: LogMethod
  debug: LogMethod
  info: LogMethod
  warn: LogMethod
  error: LogMethod
  fatal: LogMethod
  silent: LogMethod
  /** A logger that adds these fields to each line. */
  child(fields: object): Logger
}

function plain(value: unknown): unknown {
  if (value instanceof Error) {
    const { message, name, stack, cause } = value
    return { name, message, ...('code' in value ? { code: value.code } : {}), stack, ...(cause === undefined ? {} : { cause: plain(cause) }) }
  }
  return value
}

/** A logger that writes lines of at least `level` through `write`. */
export function createLogger(level: LogLevel, write: Write, bound: Fields = {}): Logger {
  const least = LOG_LEVELS.indexOf(level)
  const method =
    (own: LogLevel): LogMethod =>
    (fields, message) => {
      if (LOG_LEVELS.indexOf(own) < least) return
      const line: Fields = { time: new Date().toISOString(), level: own, ...bound }
      if (typeof fields === 'string') line.message = fields
      else {
        const source: Fields = fields instanceof Error ? { error: fields } : (fields as Fields)
        for (const key of Object.keys(source)) line[key] = plain(source[key])
        if (message !== undefined) line.message = message
      }
      write(`${JSON.stringify(line)}\n`)
    }
  return {
    level,
    trace: method('trace'),
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    fatal: method('fatal'),
    silent: () => {},
    child: (fields) => createLogger(level, write, { ...bound, ...fields }),
  }
}

/**
 * A logger that says nothing, for tests.
 * @internal
 */
export const silentLogger: Logger = createLogger('fatal', () => {})
