import { Zip } from '../archive/zip.ts'
import { UnreadableModel } from '../unreadable.ts'
import { NpyArray } from './npy.ts'

const LARGEST_SCHEMA = 512 << 20
/** Real files nest about four levels for each object inside another; a pipeline in a pipeline in a pipeline stays far below. */
const DEEPEST = 2_000
/** A value of a schema takes a hundred bytes and more in real files: many more values than that are a trap for memory. */
const BYTES_PER_VALUE = 8
const VALUES_FREE = 100_000
/** Elements of arrays that may be read in all, and so many more for each byte of the file: what repeats itself costs a file nothing. */
const ELEMENTS_FREE = 1_000_000
const ELEMENTS_PER_BYTE = 4
/** A text takes as long as so many numbers. */
const NUMBERS_PER_TEXT = 8
const NEWEST_PROTOCOL = 2

/** What a state of the schema looks like before it is known to be one. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined }

/** A state: an object of the schema that describes one Python object. */
export interface State {
  readonly [key: string]: Json | undefined
}

/** An opened skops file: its schema as plain data, and its arrays on request. */
export interface SkopsFile {
  readonly schema: State
  readonly protocol: number
  /** Version of skops that wrote it; '' when it does not say. */
  readonly version: string
  readonly members: readonly string[]
  array(name: string, where: string): NpyArray
}

/** Opens a skops file. Nothing of it is executed or looked up by name. Throws UnreadableModel. */
export function openSkops(bytes: Uint8Array): SkopsFile {
  const zip = new Zip(bytes)
  if (!zip.has('schema.json')) throw new UnreadableModel('malformed', 'schema.json', 'the archive has none, so it is no skops file')
  const schema = readSchema(zip.read('schema.json'))
  const { protocol, _skops_version: version } = schema
  if (typeof protocol !== 'number' || !Number.isInteger(protocol) || protocol < 0)
    throw new UnreadableModel('malformed', 'schema.json', 'it does not say its protocol')
  if (protocol > NEWEST_PROTOCOL)
    throw new UnreadableModel('unsupported', 'schema.json', `protocol ${protocol} is newer than ${NEWEST_PROTOCOL}, the newest that is known`)
  let left = ELEMENTS_FREE + ELEMENTS_PER_BYTE * bytes.length
  const array = (name: string, where: string): NpyArray => {
    const found = new NpyArray({ size: zip.sizeOf(name), head: (most) => zip.head(name, most), all: () => zip.read(name) }, where)
    left -= found.length * (found.kind === 'text' ? NUMBERS_PER_TEXT : 1)
    if (left < 0) throw new UnreadableModel('too-large', where, 'arrays of too many elements in all for a file of this size')
    return found
  }
  return {
    schema,
    protocol,
    version: typeof version === 'string' ? version : '',
    members: zip.names(),
    array,
  }
}

function readSchema(bytes: Uint8Array): State {
  checkNesting(bytes)
  let schema: Json
  try {
    schema = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Json
  } catch (cause) {
    throw new UnreadableModel('malformed', 'schema.json', `it is not JSON: ${cause instanceof Error ? cause.message.slice(0, 200) : ''}`)
  }
  if (!isState(schema)) throw new UnreadableModel('malformed', 'schema.json', 'it is not an object')
  return schema
}

/** Refuses a schema that is too deep or holds too many values for its length, before anything is built from it. */
function checkNesting(bytes: Uint8Array): void {
  if (bytes.length > LARGEST_SCHEMA) throw new UnreadableModel('too-large', 'schema.json', `${bytes.length} bytes; at most ${LARGEST_SCHEMA} are read`)
  let depth = 0
  let values = 0
  let inText = false
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i]
    if (inText) {
      if (byte === 0x5c) i += 1
      else if (byte === 0x22) inText = false
    } else if (byte === 0x22) inText = true
    else if (byte === 0x7b || byte === 0x5b) {
      depth += 1
      values += 1
      if (depth > DEEPEST) throw new UnreadableModel('malformed', 'schema.json', `nested deeper than ${DEEPEST} levels at byte ${i}`)
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1
    else if (byte === 0x2c) values += 1
  }
  if (values > VALUES_FREE + bytes.length / BYTES_PER_VALUE) throw new UnreadableModel('too-large', 'schema.json', `${values} values in ${bytes.length} bytes`)
}

export function isState(value: Json | undefined): value is State {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
