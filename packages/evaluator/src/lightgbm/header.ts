import { decimal } from '../text/decimal.ts'
import { UnreadableModel } from '../unreadable.ts'
import { countWords, type Lines } from './lines.ts'

/** What stands before the trees. */
export interface Header {
  readonly version: string
  /** Trees of a round, which is outputs. */
  readonly outputs: number
  /** Text of the line `objective`; '' where the file has none. */
  readonly objective: string
  /** A random forest: sums are divided by the number of rounds. */
  readonly average: boolean
  readonly features: readonly string[]
  /** For each feature its largest category, −1 where it was a number in training, −2 where it was not used. */
  readonly categories: Int32Array
  /** Bytes of each tree, where the file says so. */
  readonly sizes?: Int32Array
}

const versions = ['v2', 'v3', 'v4']
const mostFeatures = 1_000_000
const mostOutputs = 100_000
/** The library writes a dozen. */
const mostLines = 1_000
/** Of a value that is neither a list of features nor of trees. */
const longestValue = 10_000

type Fields = Map<string, readonly [from: number, to: number]>

/** Reads the lines before the first tree; afterwards `lines` stands at `Tree=0` or at the end of the trees. */
export function readHeader(lines: Lines): Header {
  if (!lines.next() || !lines.is('tree')) throw fault('line 1', "the first line of a LightGBM model is 'tree'")
  const fields = fieldsOf(lines)
  const text = (key: string) => textOf(lines.bytes, fields, key)
  const version = text('version') ?? ''
  if (!versions.includes(version)) {
    throw new UnreadableModel('unsupported', 'version', `the version is ${JSON.stringify(version.slice(0, 40))}; ${versions.join(', ')} are read`)
  }
  const outputs = whole(text('num_tree_per_iteration'), { key: 'num_tree_per_iteration', least: 1, most: mostOutputs })
  const features = featuresOf(lines.bytes, fields)
  const sizes = sizesOf(lines.bytes, fields)
  return {
    version,
    outputs,
    objective: text('objective') ?? '',
    average: fields.has('average_output'),
    features,
    categories: categoriesOf(lines.bytes, fields, features.length),
    ...(sizes === undefined ? {} : { sizes }),
  }
}

function fieldsOf(lines: Lines): Fields {
  const fields: Fields = new Map()
  for (let read = 0; lines.next(); read++) {
    if (lines.starts('Tree=') || lines.is('end of trees')) return fields
    if (read > mostLines) throw fault('header', `more than ${mostLines} lines before the first tree`)
    if (lines.empty) continue
    const found = lines.bytes.indexOf(61, lines.from)
    const equals = found < 0 || found > lines.to ? lines.to : found
    if (equals - lines.from > 100) throw fault('header', `the line ${lines.excerpt} has no '='`)
    const key = String.fromCharCode(...lines.bytes.subarray(lines.from, equals))
    if (equals === lines.to && key !== 'average_output') throw fault('header', `the line ${lines.excerpt} has no '='`)
    if (fields.has(key)) throw fault(key, 'stands twice')
    fields.set(key, [Math.min(equals + 1, lines.to), lines.to])
  }
  throw fault('header', "the file ends before 'end of trees'")
}

function textOf(bytes: Uint8Array, fields: Fields, key: string): string | undefined {
  const span = fields.get(key)
  if (span === undefined) return undefined
  if (key !== 'feature_names' && span[1] - span[0] > longestValue) throw fault(key, `has over ${longestValue} bytes`)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(span[0], span[1]))
  } catch {
    throw fault(key, 'is not UTF-8')
  }
}

function whole(text: string | undefined, { key, least, most }: { key: string; least: number; most: number }): number {
  if (text === undefined) throw fault(key, 'is missing')
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= least && value <= most)) throw fault(key, `${JSON.stringify(text.slice(0, 40))} is not a whole number from ${least} to ${most}`)
  return value
}

function featuresOf(bytes: Uint8Array, fields: Fields): string[] {
  const last = textOf(bytes, fields, 'max_feature_idx')
  const count = whole(last, { key: 'max_feature_idx', least: 0, most: 2 ** 31 }) + 1
  if (count > mostFeatures) throw new UnreadableModel('too-large', 'max_feature_idx', `${count} features are more than ${mostFeatures}`)
  const span = fields.get('feature_names')
  if (span === undefined) throw fault('feature_names', 'is missing')
  const words = countWords(bytes, span[0], span[1])
  if (words !== count) throw fault('feature_names', `has ${words} names; max_feature_idx says ${count}`)
  const names = (textOf(bytes, fields, 'feature_names') ?? '').split(' ').filter((name) => name !== '')
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) throw fault('feature_names', `${JSON.stringify(name.slice(0, 100))} stands twice`)
    seen.add(name)
  }
  return names
}

/** From `feature_infos`: `[min:max]` of a number, `a:b:c` of categories, `none` of a column that was not used. */
function categoriesOf(bytes: Uint8Array, fields: Fields, features: number): Int32Array {
  const largest = new Int32Array(features).fill(-2)
  const span = fields.get('feature_infos')
  if (span === undefined) return largest
  const [from, to] = span
  const words = countWords(bytes, from, to)
  if (words !== features) throw fault('feature_infos', `has ${words} words for ${features} features`)
  let feature = 0
  for (let at = from; at < to; feature++) {
    while (at < to && bytes[at] === 32) at++
    const start = at
    while (at < to && bytes[at] !== 32) at++
    if (at > start) largest[feature] = largestCategory(bytes, start, at)
  }
  return largest
}

function largestCategory(bytes: Uint8Array, from: number, to: number): number {
  if (bytes[from] === 91) return -1
  if (bytes[from] === 110) return -2
  let largest = 0
  let start = from
  for (let at = from; at <= to; at++) {
    if (at < to && bytes[at] !== 58) continue
    const category = decimal(bytes, start, at)
    if (category === undefined || !Number.isInteger(category) || category > 2 ** 31 - 1) {
      throw fault('feature_infos', `${JSON.stringify(String.fromCharCode(...bytes.subarray(start, Math.min(at, start + 24))))} is not a category`)
    }
    largest = Math.max(largest, category)
    start = at + 1
  }
  return largest
}

function sizesOf(bytes: Uint8Array, fields: Fields): Int32Array | undefined {
  const span = fields.get('tree_sizes')
  if (span === undefined) return undefined
  const [from, to] = span
  const sizes = new Int32Array(countWords(bytes, from, to))
  let tree = 0
  for (let at = from; at < to; tree++) {
    while (at < to && bytes[at] === 32) at++
    const start = at
    while (at < to && bytes[at] !== 32) at++
    if (at === start) continue
    const size = decimal(bytes, start, at)
    if (size === undefined || !Number.isInteger(size) || size < 0 || size > 2 ** 31 - 1) throw fault(`tree_sizes[${tree}]`, 'is not a number of bytes')
    sizes[tree] = size
  }
  return sizes
}

function fault(where: string, what: string): UnreadableModel {
  return new UnreadableModel('malformed', where, what)
}
