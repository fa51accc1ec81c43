import { FairleadError, parseJson, writeJson } from '@fairlead/contract'

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
export function cursorOf(position: unknown): string {
  return Buffer.from(writeJson(position)).toString('base64url')
}

/** The position that a cursor holds; `undefined` where none was sent. Throws `request-invalid` when it is none that such a list gave out. */
export function positionOf<T>(next: string | undefined, isPosition: (value: unknown) => value is T): T | undefined {
  if (next === undefined) return undefined
  const position = read(next)
  if (isPosition(position)) return position
  const detail = 'The value of "next" is not one that this list gave out.'
  throw new FairleadError('request-invalid', detail, { items: [{ path: 'next', code: 'request-invalid', detail }] })
}

/** Cuts `limit + 1` rows to a page. */
export function pageOf<T>(rows: T[], limit: number, position: (row: T) => unknown): Page<T> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, next: rows.length > limit && last !== undefined ? cursorOf(position(last)) : null }
}

export const isText = (value: unknown): value is string => typeof value === 'string'
export const isNumber = (value: unknown): value is number => Number.isSafeInteger(value)

function read(text: string): unknown {
  try {
    return parseJson(Buffer.from(text, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}
