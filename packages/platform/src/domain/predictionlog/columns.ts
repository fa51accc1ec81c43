import type { DataType } from '@fairlead/contract'

/** Types of columns in the log. `float16` is widened to `float32` on the way in; `timestamp` is milliseconds since 1970, UTC. */
export type LogType = Exclude<DataType, 'float16'> | 'timestamp'

/** One column of the log. `list` columns hold one array of `type` a row. */
export interface LogColumn {
  name: string
  type: LogType
  list: boolean
  role: 'log' | 'input' | 'output'
}

/** A column of the log's own. */
function own(name: string, type: LogType): LogColumn {
  return { name, type, list: false, role: 'log' }
}

/**
 * The log's own columns, present in every row.
 *
 * | column | meaning |
 * |---|---|
 * | `_id` | name of the row: the caller's `ids[i]`, else `<id>/<i>` with the id that was answered |
 * | `_request`, `_row` | what the caller calls the request (`X-Request-Id`, or the `id` of the Open Inference Protocol), else the id that was answered; and position of the row in it from 0 |
 * | `_time` | when the request was received (milliseconds, UTC) |
 * | `_release`, `_release_digest`, `_model` | release number and digest, and the model as `name:version` |
 * | `_variant` | variant that answered; `current` |
 * | `_interface` | `rows`, `oip`, `grpc` or `mlflow` |
 * | `_caller` | `key:<id>`, `loopback`, `open` or `platform` |
 * | `_trace` | W3C trace id, null when none was sent |
 * | `_total_ms`, `_queue_ms`, `_run_ms`, `_parse_ms` | latency of the request and of its stages, milliseconds |
 */
export const OWN_COLUMNS: readonly LogColumn[] = [
  own('_id', 'string'),
  own('_request', 'string'),
  own('_row', 'int32'),
  own('_time', 'timestamp'),
  own('_release', 'int32'),
  own('_release_digest', 'string'),
  own('_model', 'string'),
  own('_variant', 'string'),
  own('_interface', 'string'),
  own('_caller', 'string'),
  own('_trace', 'string'),
  own('_total_ms', 'float64'),
  own('_queue_ms', 'float64'),
  own('_run_ms', 'float64'),
  own('_parse_ms', 'float64'),
]

/** Element type in the log of a tensor's element type. */
export function logType(type: DataType): LogType {
  return type === 'float16' ? 'float32' : type
}

const INTEGERS = ['int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64']

/**
 * The narrowest type that holds both: integers join in `int64` (`uint64` with a signed one in text, because no number type
 * holds both exactly), numbers in `float64`, anything else in text.
 */
export function widen(a: LogType, b: LogType): LogType {
  if (a === b) return a
  const integers = INTEGERS.includes(a) && INTEGERS.includes(b)
  if (integers && (a === 'uint64' || b === 'uint64')) return a.startsWith('u') && b.startsWith('u') ? 'uint64' : 'string'
  if (integers) return 'int64'
  const numeric = (t: LogType) => INTEGERS.includes(t) || t === 'float32' || t === 'float64'
  if (!numeric(a) || !numeric(b)) return 'string'
  return 'float64'
}
