import { NO_TEXT } from '../form/form.ts'
import { type Scheme, schemeOf } from './text-scheme.ts'

/** The position of every text that the form does not know. */
const OTHER_TEXT = -1

type Texts = readonly (string | null)[]

/** So many texts, those from `from` on, and where the first one's position goes. */
interface Range {
  readonly from: number
  readonly to: number
  readonly length: number
}

/**
 * Positions of texts in a list. A few texts are told by their length and up to two characters, and then compared: more than twice as fast
 * as by a `Map` for strings that come once, as those of a request or a file do, whose hash of all characters no one worked out before.
 */
export class TextPositions {
  /** Of all texts, where there is no scheme. */
  readonly #map: ReadonlyMap<string, number> | undefined
  readonly #scheme: Scheme | undefined
  readonly #empty: number
  readonly #write: (data: Texts, into: Int32Array, range: Range) => void

  /** Of a text that stands twice, the last position counts. With `asked`, only these positions are given, and other texts are unknown. */
  constructor(texts: readonly string[], asked?: readonly number[]) {
    const known = new Map(texts.map((text, position) => [text, position]))
    if (asked) {
      const wanted = new Set(asked)
      for (const [text, position] of known) if (!wanted.has(position)) known.delete(text)
    }
    this.#scheme = schemeOf(known)
    this.#map = this.#scheme ? undefined : known
    this.#empty = known.get('') ?? OTHER_TEXT
    this.#write = [this.#byLength, this.#byOne, this.#byTwo][this.#scheme?.characters ?? 3] ?? this.#byMap
  }

  /** Position of a text in the list, −1 for one that is not in it, −2 for null. */
  of(text: string | null): number {
    ONE[0] = text
    this.write(ONE, FOUND, { from: 0, to: 0, length: 1 })
    return FOUND[0] as number
  }

  /** Writes the positions of so many texts, those from `from` on, into `into` from `to` on. */
  write(data: Texts, into: Int32Array, range: Range): void {
    this.#write(data, into, range)
  }

  #byMap(data: Texts, into: Int32Array, { from, to, length }: Range): void {
    const map = this.#map as ReadonlyMap<string, number>
    for (let k = 0; k < length; k++) {
      const text = data[from + k]
      into[to + k] = text === null ? NO_TEXT : (map.get(text as string) ?? OTHER_TEXT)
    }
  }

  // one loop for each number of characters, with as little in it as can be: what it keeps at hand is saved around every comparison

  #byLength(data: Texts, into: Int32Array, { from, to, length }: Range): void {
    const { mask, slots, owners } = this.#scheme as Scheme
    const empty = this.#empty
    for (let k = 0; k < length; k++) {
      const text = data[from + k]
      let position = OTHER_TEXT
      if (typeof text === 'string') {
        const last = text.length - 1
        const slot = (last * 1031) & mask
        if (last < 0) position = empty
        else if (owners[slot] === text) position = slots[slot] as number
      } else if (text === null) position = NO_TEXT
      into[to + k] = position
    }
  }

  #byOne(data: Texts, into: Int32Array, { from, to, length }: Range): void {
    const { front, mask, slots, owners } = this.#scheme as Scheme
    const empty = this.#empty
    for (let k = 0; k < length; k++) {
      const text = data[from + k]
      let position = OTHER_TEXT
      if (typeof text === 'string') {
        const last = text.length - 1
        if (last < 0) position = empty
        else {
          const slot = (last * 1031 + text.charCodeAt(front < last ? front : last)) & mask
          if (owners[slot] === text) position = slots[slot] as number
        }
      } else if (text === null) position = NO_TEXT
      into[to + k] = position
    }
  }

  #byTwo(data: Texts, into: Int32Array, { from, to, length }: Range): void {
    const { front, back, mask, slots, owners } = this.#scheme as Scheme
    const empty = this.#empty
    for (let k = 0; k < length; k++) {
      const text = data[from + k]
      let position = OTHER_TEXT
      if (typeof text === 'string') {
        const last = text.length - 1
        if (last < 0) position = empty
        else {
          const slot = (last * 1031 + text.charCodeAt(front < last ? front : last) + text.charCodeAt(back < last ? last - back : 0) * 37) & mask
          if (owners[slot] === text) position = slots[slot] as number
        }
      } else if (text === null) position = NO_TEXT
      into[to + k] = position
    }
  }
}

const ONE: (string | null)[] = ['']
const FOUND = new Int32Array(1)
