import { FairleadError } from '@fairlead/contract'
import { readPriority } from '../../domain/inference/index.ts'

const MOST_MS = 3_600_000

/** Milliseconds of `250`, `250ms` or `1.5s`. Throws `request-invalid` naming `path`. */
export function timeoutMs(value: unknown, path: string): number {
  const match = /^(\d{1,10}(?:\.\d{1,6})?)(ms|s)?$/.exec(typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '')
  const millis = match ? Number(match[1]) * (match[2] === 's' ? 1000 : 1) : 0
  if (!(millis > 0)) {
    const detail = `${path} must be milliseconds above 0, or a duration like 250ms or 1.5s`
    throw new FairleadError('request-invalid', detail, { items: [{ path, code: 'request-invalid', detail }] })
  }
  return Math.min(millis, MOST_MS)
}

/** When an answer is worthless, in milliseconds since 1970: the soonest of the setting, the header and the parameter. */
export function deadlineOf(settingMs: number, header: string | string[] | undefined, parameterMs?: number): number {
  let millis = settingMs
  if (typeof header === 'string') millis = Math.min(millis, timeoutMs(header, 'X-Request-Timeout'))
  if (parameterMs !== undefined) millis = Math.min(millis, parameterMs)
  // the clock knows no parts of a millisecond: with them the last would never seem over
  return Date.now() + Math.floor(millis)
}

/** Level of `X-Request-Priority`. Throws `request-invalid`. */
export function priorityHeader(header: string | string[] | undefined): number | undefined {
  return header === undefined ? undefined : readPriority(header, 'X-Request-Priority')
}
