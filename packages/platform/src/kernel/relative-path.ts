import { FairleadError } from '@fairlead/contract'

/** Bytes: what the file system takes, and what leaves room for the folder that the path is laid out in. */
const SEGMENT_LENGTH = 250
const PATH_LENGTH = 1000
/** Control characters, and those that turn the direction of the text around them: what is shown would not be what is stored. */
const UNSHOWN = /[\p{Cc}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/u
const SEGMENTS = 50

function fault(path: string): string | undefined {
  if (path === '') return 'is empty'
  if (path.includes('\0')) return 'has a NUL character'
  if (path.includes('\\')) return 'has a backslash; separate folders with /'
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'is not relative'
  if (UNSHOWN.test(path)) return 'has a character that cannot be shown'
  if (Buffer.byteLength(path) > PATH_LENGTH) return `is longer than ${PATH_LENGTH} bytes`
  const segments = path.split('/')
  if (segments.length > SEGMENTS) return `has more than ${SEGMENTS} folders`
  for (const segment of segments) {
    if (segment === '') return 'has an empty part'
    if (segment === '.' || segment === '..') return `has a part "${segment}"`
    if (Buffer.byteLength(segment) > SEGMENT_LENGTH) return `has a part longer than ${SEGMENT_LENGTH} bytes`
  }
  return path.isWellFormed() ? undefined : 'is not well-formed Unicode'
}

/** A path to put into a message: short, and nothing in it that a terminal would act on. */
function shownPath(path: string): string {
  const short = path.length > 100 ? `${path.slice(0, 100)}…` : path
  return short.toWellFormed().replaceAll(new RegExp(UNSHOWN, 'gu'), (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}

/** Refuses a file's path that is not plainly inside the folder it belongs to. Throws `request-invalid` with the path named. */
export function checkPath(path: string): void {
  const found = fault(path)
  if (found === undefined) return
  const shown = shownPath(path)
  const detail = `The file path ${JSON.stringify(shown)} ${found}.`
  throw new FairleadError('request-invalid', detail, { items: [{ path: shown, code: 'request-invalid', detail }] })
}

/** Refuses a path that is a folder of another, or has another as its folder. Throws `request-invalid`. */
export function checkTogether(path: string, others: Iterable<string>): void {
  for (const other of others) {
    if (!other.startsWith(`${path}/`) && !path.startsWith(`${other}/`)) continue
    const detail = `The file path "${path}" cannot stand beside "${other}": one would be the folder of the other.`
    throw new FairleadError('request-invalid', detail, { items: [{ path, code: 'request-invalid', detail }] })
  }
}
