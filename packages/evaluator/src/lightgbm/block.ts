import { decimal } from '../text/decimal.ts'
import { UnreadableModel } from '../unreadable.ts'
import { KEYS, type Key, placeOf } from './keys.ts'
import { countWords, type Lines } from './lines.ts'

/** Where numbers of a line go: `count` of them from `at`, each from `least` to `most`. */
interface Whole {
  readonly into: Int32Array | Uint32Array | Uint8Array | Float64Array
  readonly at: number
  readonly count: number
  readonly least: number
  readonly most: number
}

/** Lines of a tree: the library writes about two dozen. */
const mostLines = 100

const place = Object.fromEntries(KEYS.map((key, index) => [key, index])) as Record<Key, number>

/** One tree of the file: where the values of its keys stand. One block is used for all trees, one after the other. */
export class Block {
  readonly #bytes: Uint8Array
  readonly #from = new Int32Array(KEYS.length)
  readonly #to = new Int32Array(KEYS.length)
  readonly #single = new Float64Array(1)
  /** Number of the tree, as it is written. */
  tree = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Takes the lines after `Tree=`, until one that begins the next tree or the end of the trees; false where the file ends before. */
  take(lines: Lines, tree: number): boolean {
    this.tree = tree
    this.#from.fill(-1)
    for (let read = 0; lines.next(); read++) {
      if (read > mostLines) throw new UnreadableModel('malformed', `Tree=${tree}`, `has more than ${mostLines} lines`)
      if (lines.empty) continue
      const equals = this.#bytes.indexOf(61, lines.from)
      if (equals < 0 || equals >= lines.to) {
        if (lines.is('end of trees')) return true
        throw new UnreadableModel('malformed', `Tree=${tree}`, `the line ${lines.excerpt} has no '='`)
      }
      if (lines.starts('Tree=')) return true
      this.#keep(lines, equals)
    }
    return false
  }

  #keep(lines: Lines, equals: number): void {
    const known = placeOf(this.#bytes, lines.from, equals)
    if (known === undefined) throw new UnreadableModel('unsupported', `Tree=${this.tree}`, `the key of ${lines.excerpt} is not known`)
    if (known < 0) return
    if ((this.#from[known] as number) >= 0) throw this.fault(KEYS[known] as Key, 'stands twice')
    this.#from[known] = equals + 1
    this.#to[known] = lines.to
  }

  /** Whether the key is there with a value. */
  has(key: Key): boolean {
    const from = this.#from[place[key]] as number
    return from >= 0 && from < (this.#to[place[key]] as number)
  }

  /** Bytes of a key's value. */
  size(key: Key): number {
    return this.has(key) ? (this.#to[place[key]] as number) - (this.#from[place[key]] as number) : 0
  }

  words(key: Key): number {
    return this.has(key) ? countWords(this.#bytes, this.#from[place[key]] as number, this.#to[place[key]] as number) : 0
  }

  /** The one whole number of a key, or `otherwise` where the key is missing. */
  one(key: Key, { least, most, otherwise }: { least: number; most: number; otherwise?: number }): number {
    if (!this.has(key) && otherwise !== undefined) return otherwise
    this.wholes(key, { into: this.#single, at: 0, count: 1, least, most })
    return this.#single[0] as number
  }

  /** Whole numbers of a key, exactly as many as asked for. */
  wholes(key: Key, { into, at, count, least, most }: Whole): void {
    const bytes = this.#bytes
    const end = this.#to[place[key]] as number
    let position = this.#start(key, count)
    for (let index = 0; index < count; index++) {
      while (position < end && bytes[position] === 32) position++
      const negative = bytes[position] === 45
      if (negative) position++
      const first = position
      let value = 0
      for (; position < end; position++) {
        const digit = (bytes[position] as number) - 48
        if (digit < 0 || digit > 9) break
        value = value * 10 + digit
      }
      if (negative) value = -value
      if (first === position || (position < end && bytes[position] !== 32)) throw this.#notNumber(key, { index, count, from: first })
      if (value < least || value > most) throw this.fault(key, `the number is ${value}, not from ${least} to ${most}`, index)
      into[at + index] = value
    }
    this.#ended(key, position, count)
  }

  /** Numbers of a key, exactly as many as asked for. */
  decimals(key: Key, { into, at, count }: { into: Float64Array; at: number; count: number }): void {
    const bytes = this.#bytes
    const end = this.#to[place[key]] as number
    let position = this.#start(key, count)
    for (let index = 0; index < count; index++) {
      while (position < end && bytes[position] === 32) position++
      const first = position
      while (position < end && bytes[position] !== 32) position++
      const value = decimal(bytes, first, position)
      if (value === undefined) throw this.#notNumber(key, { index, count, from: first })
      into[at + index] = value
    }
    this.#ended(key, position, count)
  }

  /** A fault of this tree, to be thrown. */
  fault(key: Key, what: string, index?: number): UnreadableModel {
    return new UnreadableModel('malformed', `Tree=${this.tree} ${key}${index === undefined ? '' : `[${index}]`}`, what)
  }

  #start(key: Key, count: number): number {
    const from = this.#from[place[key]] as number
    if (from < 0 && count > 0) throw this.fault(key, 'is missing')
    return from
  }

  #notNumber(key: Key, { index, count, from }: { index: number; count: number; from: number }): UnreadableModel {
    const end = this.#to[place[key]] as number
    if (from >= end) return this.fault(key, `has ${index} ${index === 1 ? 'number' : 'numbers'}, not ${count}`)
    const shown = String.fromCharCode(...this.#bytes.subarray(from, Math.min(end, from + 24))).split(' ')[0]
    return this.fault(key, `${JSON.stringify(shown)} is not a number that is expected here`, index)
  }

  #ended(key: Key, position: number, count: number): void {
    if (position < 0) return
    const end = this.#to[place[key]] as number
    for (let at = position; at < end; at++) if (this.#bytes[at] !== 32) throw this.fault(key, `has more than ${count} numbers`)
  }
}
