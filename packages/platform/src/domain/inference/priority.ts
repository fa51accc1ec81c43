import { FairleadError } from '@fairlead/contract'

/** Levels of priority: 1 goes first. A request that says nothing, or 0, has its release's. */
export const PRIORITY_LEVELS = 10

/**
 * Reads a priority as the schedule policy extension has it: a whole number from 0, the release's own, and 1, the highest, up to
 * `PRIORITY_LEVELS`; text of digits as a header has it. Throws `request-invalid` naming `path`.
 */
export function readPriority(value: unknown, path: string): number | undefined {
  const level = typeof value === 'string' && /^\d{1,4}$/.test(value) ? Number(value) : typeof value === 'bigint' ? Number(value) : value
  if (typeof level !== 'number' || !Number.isInteger(level) || level < 0 || level > PRIORITY_LEVELS) {
    const detail = `${path} must be a whole number from 1, the highest, to ${PRIORITY_LEVELS}, or 0 for the release's own`
    throw new FairleadError('request-invalid', detail, { items: [{ path, code: 'request-invalid', detail }] })
  }
  return level === 0 ? undefined : level
}
