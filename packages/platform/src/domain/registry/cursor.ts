import { FairleadError } from '@fairlead/contract'

/** Which part of a list is asked for. */
export interface PageRequest {
  limit: number
  /** Where the last page ended, as it was given out. */
  next?: string | undefined
}

/** A part of a list. */
export interface Page<T> {
  items: T[]
  /** What to ask for to get the following part; `null` at the end. */
  next: string | null
}

/** Where a list ended, as opaque text. */
export function cursorOf(position: string | number): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url')
}

/** The position that a cursor holds. Throws `request-invalid` when it is none that a list of such positions gave out. */
export function positionOf<T extends string | number>(next: string | undefined, isPosition: (value: unknown) => value is T): T | undefined {
  if (next === undefined) return undefined
  const position = parsed(Buffer.from(next, 'base64url').toString('utf8'))
  if (isPosition(position)) return position
  const detail = 'The value of "next" is not one that a list gave out.'
  throw new FairleadError('request-invalid', detail, { items: [{ path: 'next', code: 'request-invalid', detail }] })
}

/** Cuts `limit + 1` rows to a page. */
export function pageOf<T>(rows: T[], limit: number, position: (row: T) => string | number): Page<T> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, next: rows.length > limit && last !== undefined ? cursorOf(position(last)) : null }
}

export const isName = (value: unknown): value is string => typeof value === 'string'
export const isNumber = (value: unknown): value is number => Number.isSafeInteger(value)

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
