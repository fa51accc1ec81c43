import { isUtf8 } from 'node:buffer'
import { FairleadError } from '@fairlead/contract'
import { wrongByte, wrongPlace } from './json-place.ts'

/** Deepest nesting that is read. */
export const MAX_JSON_DEPTH = 100
const QUOTE = 0x22
const BACKSLASH = 0x5c
const CAPITAL_I = 0x49
const CAPITAL_N = 0x4e
const MINUS = 0x2d
const COMMA = 0x2c
const LF = 0x0a
/** Digits from which a number may be an integer that a double cannot hold. */
const MANY_DIGITS = 16
/** Longer integers fit no type there is, and take a time that grows with the square of their length to read exactly. */
const MOST_DIGITS = 40
/** Objects and arrays, and keys of objects, that are read: making them takes seconds long before a body is too large by its bytes. */
const MOST_NESTED = 2_000_000
const MOST_KEYS = 2_000_000
/** Values in a text with integers of many digits, each of which is looked at by its source. */
const MOST_EXACT = 1_000_000
/** Words for what is not finite. */
const MOST_NON_FINITE = 2_000_000

/** What one pass over the bytes tells without building anything. */
interface Scan {
  depth: number
  objects: number
  arrays: number
  commas: number
  /** Object keys in the whole text, with repeated ones. */
  keys: number
  /** Whether some run of digits is long enough to be an integer beyond 2^53. */
  longDigits: boolean
}

/** Where the string ends that begins at `from`, behind its quote. */
function stringEnd(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
  return at
}

/** Where the digits end that begin at `from`. */
function digitsEnd(bytes: Uint8Array, from: number): number {
  let at = from
  while (bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++
  return at
}

function scan(bytes: Uint8Array): Scan {
  const found: Scan = { depth: 0, objects: 0, arrays: 0, commas: 0, keys: 0, longDigits: false }
  let depth = 0
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!
    if (byte === QUOTE) i = stringEnd(bytes, i + 1)
    else if (byte < 0x3a) {
      if (byte === COMMA) found.commas++
      if (byte < 0x30) continue
      const end = digitsEnd(bytes, i + 1)
      if (end - i >= MANY_DIGITS) found.longDigits = true
      i = end - 1
    } else if (byte === 0x3a) found.keys++
    else if (byte === 0x7b || byte === 0x5b) {
      if (byte === 0x7b) found.objects++
      else found.arrays++
      if (++depth > found.depth) found.depth = depth
    } else if (byte === 0x7d || byte === 0x5d) depth--
  }
  return found
}

interface SourceContext {
  source?: string
}

/** Integers that a double cannot hold become bigint; the third parameter is that of ES2026's JSON.parse source text access. */
function exactInteger(_key: string, value: unknown, context?: SourceContext): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source ?? ''
  return source.length <= MOST_DIGITS && /^-?\d+$/.test(source) ? BigInt(source) : value
}

function position(text: string, message: string): string {
  // the parser tells the place of some faults only
  const at = Number(/position (\d+)/.exec(message)?.[1] ?? wrongPlace(text))
  let line = 1
  for (let i = 0; i < at; i++) if (text.charCodeAt(i) === LF) line++
  return ` (line ${line}, column ${at - text.lastIndexOf('\n', at - 1)})`
}

function parse(text: string, exact: boolean): unknown {
  try {
    return exact ? JSON.parse(text, exactInteger) : JSON.parse(text)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    // the parser quotes the text in front of and behind the place, which may be long
    const reason = message
      .replace(/,? ?"?\.{0,3}"[\s\S]*(?:is not valid JSON)/, ' is not valid here')
      .replace(/ in JSON at position \d+.*| \(line .*\)/, '')
      .slice(0, 200)
    throw new FairleadError('json-invalid', `the body is not valid JSON: ${reason}${position(text, message)}`, { cause })
  }
}

/** A body of fewer bytes has not so much in it that it would take long. */
const CHECKED_FROM = 1024 * 1024

/** Refuses a body of several JSON texts that would take long to read, before any of it is made. Throws `body-too-large`. */
export function checkJsonSize(body: Buffer, exact: boolean): void {
  if (body.length >= CHECKED_FROM) checkSize(scan(body), exact)
}

function checkSize({ objects, arrays, commas, keys, longDigits }: Scan, exact: boolean): void {
  if (objects + arrays > MOST_NESTED) throw tooMany(`${objects + arrays} objects and arrays`, MOST_NESTED)
  if (keys > MOST_KEYS) throw tooMany(`${keys} keys of objects`, MOST_KEYS)
  if (exact && longDigits && commas >= MOST_EXACT) throw tooMany(`${commas + 1} values, with integers of ${MANY_DIGITS} digits and more`, MOST_EXACT)
}

function tooMany(what: string, most: number): FairleadError {
  return new FairleadError('body-too-large', `the body has ${what}, at most ${most} are read in JSON; send less in one request, or in a binary form`)
}

/** Number of keys in a parsed value of at most `objects` objects; without recursion, so any depth is safe. */
function countKeys(value: unknown, objects: number): number {
  let count = 0
  let left = objects
  const stack = [value]
  while (left > 0 && stack.length > 0) {
    const next = stack.pop()
    if (typeof next !== 'object' || next === null) continue
    if (!Array.isArray(next)) {
      count += Object.keys(next).length
      left--
      // most bodies are numbers from here on: there is nothing to look for in them
      if (left === 0) break
    }
    for (const inner of Array.isArray(next) ? next : Object.values(next)) if (typeof inner === 'object' && inner !== null) stack.push(inner)
  }
  return count
}

const NON_FINITE = /-?(?:NaN|Infinity)/y

/**
 * The bare words NaN, Infinity and -Infinity outside of strings, put into quotes. Some Open Inference Protocol clients send them.
 * One pass, whatever the text: it is not known to be JSON yet.
 */
export function quoteNonFinite(text: string): string {
  let quoted = ''
  let from = 0
  let words = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      for (at++; at < text.length && text.charCodeAt(at) !== QUOTE; at++) if (text.charCodeAt(at) === BACKSLASH) at++
    } else if (code === CAPITAL_N || code === CAPITAL_I || code === MINUS) {
      NON_FINITE.lastIndex = at
      const word = NON_FINITE.exec(text)?.[0]
      if (word === undefined) continue
      if (++words > MOST_NON_FINITE) throw tooMany(`more than ${MOST_NON_FINITE} words for what is not finite`, MOST_NON_FINITE)
      quoted += `${text.slice(from, at)}"${word}"`
      at += word.length - 1
      from = at + 1
    }
  }
  return quoted + text.slice(from)
}

export interface JsonOptions {
  /** Keep integers beyond 2^53 exact, as bigint. */
  exact: boolean
  /** Accept the bare words NaN and Infinity as if they were in quotes. */
  nonFinite?: boolean
  /** Let the last of several equal keys of an object win. */
  lastWins?: boolean
  /** Called with the number of objects before any is made, so that it can refuse too many of them. */
  checkObjects?: (objects: number) => void
}

/**
 * Reads a JSON body. Throws `utf8-invalid`, `json-too-deep` (more than 100 levels), `body-too-large` (more objects, arrays or keys than are read), `json-invalid` (with the place; also for
 * an empty body), `request-invalid` when an object has a key twice and the last one is not to win.
 */
export function readJson(body: Buffer, { exact, nonFinite = false, lastWins = false, checkObjects }: JsonOptions): unknown {
  if (body.length === 0) throw new FairleadError('json-invalid', 'the body is empty; a JSON document is needed')
  if (!isUtf8(body)) throw new FairleadError('utf8-invalid', `the body is not valid UTF-8: byte ${wrongByte(body)}`)
  const found = scan(body)
  const { depth, objects, keys, longDigits } = found
  if (depth > MAX_JSON_DEPTH) throw new FairleadError('json-too-deep', `the body is nested ${depth} levels deep; at most ${MAX_JSON_DEPTH} are read`)
  checkObjects?.(objects)
  checkSize(found, exact)
  let text = body.toString('utf8')
  if (text.charCodeAt(0) === 0xfeff) text = text.slice(1)
  if (nonFinite && (text.includes('NaN') || text.includes('Infinity'))) text = quoteNonFinite(text)
  const value = parse(text, exact && longDigits)
  if (!lastWins && countKeys(value, objects) !== keys) {
    const name = repeatedKey(text)
    throw new FairleadError('request-invalid', `the key ${JSON.stringify(name)} stands twice in one object`, {
      items: [{ path: name, code: 'request-invalid', detail: 'an object may have a key once' }],
    })
  }
  return value
}

/** Finds a repeated key in a text that is known to be valid JSON and not too deep. */
function repeatedKey(text: string): string {
  const open: (Set<string> | undefined)[] = []
  const token = /"(?:[^"\\]|\\.)*"(?<key>\s*:)?|[{}[\]]/g
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const mark = match[0][0]
    if (mark === '{') open.push(new Set())
    else if (mark === '[') open.push(undefined)
    else if (mark === '}' || mark === ']') open.pop()
    else if (match.groups?.key !== undefined) {
      const name = JSON.parse(match[0].slice(0, match[0].lastIndexOf('"') + 1)) as string
      if (open.at(-1)?.has(name)) return name
      open.at(-1)?.add(name)
    }
  }
  return ''
}
