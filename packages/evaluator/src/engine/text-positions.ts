import { NO_TEXT } from '../form/form.ts'

/** The position of every text that the form does not know. */
const OTHER_TEXT = -1

/** Beyond so many texts a table without collisions would be too large, or never be found. */
const MOST = 64
/** Characters from either end of a text that may tell it from others. */
const ENDS = 8
const TRIES = 64
const MOST_BITS = 12

/** How a text's own slot is found: by its length and two of its characters, `front` from its start and `back` from its end. */
interface Scheme {
  readonly front: number
  readonly back: number
  readonly factors: readonly [number, number, number]
  readonly shift: number
  /** Position of the text of each slot, −1 where there is none. */
  readonly slots: Int32Array
}

/**
 * Positions of texts in a list. A few texts are found by their length and two characters: nearly twice as fast as by a `Map`
 * for strings that come once, as those of a request or a file do, whose hash of all characters no one worked out before.
 */
export class TextPositions {
  readonly #texts: readonly string[]
  /** Of all texts, where there is no scheme. */
  readonly #map: ReadonlyMap<string, number> | undefined
  readonly #scheme: Scheme | undefined
  readonly #empty: number

  /** Of a text that stands twice, the last position counts. */
  constructor(texts: readonly string[]) {
    this.#scheme = schemeOf(texts)
    // names of properties are what engines keep once and compare by their address, and so are short texts of JSON
    this.#texts = this.#scheme ? texts.map((text) => Object.keys({ [text]: 0 })[0] as string) : texts
    this.#map = this.#scheme ? undefined : new Map(texts.map((text, position) => [text, position]))
    this.#empty = texts.lastIndexOf('')
  }

  /** Position of a text in the list, −1 for one that is not in it, −2 for null. */
  of(text: string | null): number {
    ONE[0] = text
    this.write(ONE, FOUND, { from: 0, to: 0, length: 1 })
    return FOUND[0] as number
  }

  /** Writes the positions of so many texts, those from `from` on, into `into` from `to` on. */
  write(data: readonly (string | null)[], into: Int32Array, { from, to, length }: Range): void {
    const map = this.#map
    if (map !== undefined) {
      for (let k = 0; k < length; k++) {
        const text = data[from + k]
        into[to + k] = text === null ? NO_TEXT : (map.get(text as string) ?? OTHER_TEXT)
      }
      return
    }
    // read once, before the loop
    const { front, back, factors, shift, slots } = this.#scheme as Scheme
    const [one, two, three] = factors
    const texts = this.#texts
    const empty = this.#empty
    for (let k = 0; k < length; k++) {
      const text = data[from + k]
      let position = OTHER_TEXT
      if (typeof text === 'string') {
        const last = text.length - 1
        if (last < 0) position = empty
        else {
          const first = text.charCodeAt(front < last ? front : last)
          const second = text.charCodeAt(back < last ? last - back : 0)
          const slot = (Math.imul(first, one) + Math.imul(second, two) + Math.imul(last, three)) >>> shift
          position = slots[slot] as number
          if (position >= 0 && texts[position] !== text) position = OTHER_TEXT
        }
      } else if (text === null) position = NO_TEXT
      into[to + k] = position
    }
  }
}

interface Range {
  readonly from: number
  readonly to: number
  readonly length: number
}

const ONE: (string | null)[] = ['']
const FOUND = new Int32Array(1)

/** A slot of its own for each text; undefined where that is not found soon. */
function schemeOf(texts: readonly string[]): Scheme | undefined {
  if (texts.length > MOST || new Set(texts).size < texts.length) return undefined
  const filled = texts.flatMap((text, position) => (text === '' ? [] : [{ text, position }]))
  for (let front = 0; front < ENDS; front++) {
    for (let back = 0; back < ENDS; back++) {
      const keys = filled.map(({ text, position }) => ({ ...keyOf(text, front, back), position }))
      const different = new Set(keys.map(({ first, second, last }) => `${first},${second},${last}`)).size === keys.length
      const found = different ? slotsOf(keys) : undefined
      if (found) return { front, back, ...found }
    }
  }
  return undefined
}

interface Key {
  readonly first: number
  readonly second: number
  readonly last: number
}

function keyOf(text: string, front: number, back: number): Key {
  const last = text.length - 1
  return { first: text.charCodeAt(Math.min(front, last)), second: text.charCodeAt(Math.max(0, last - back)), last }
}

/** Factors that send each key to a slot of its own, in the smallest table that they are found for. */
function slotsOf(keys: readonly (Key & { readonly position: number })[]): Pick<Scheme, 'factors' | 'shift' | 'slots'> | undefined {
  let state = 1
  const factor = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return state | 1
  }
  for (let bits = 1; bits <= MOST_BITS; bits++) {
    if (1 << bits < keys.length) continue
    for (let left = TRIES; left > 0; left--) {
      const factors = [factor(), factor(), factor()] as const
      const slots = new Int32Array(1 << bits).fill(-1)
      const free = keys.every(({ first, second, last, position }) => {
        const slot = (Math.imul(first, factors[0]) + Math.imul(second, factors[1]) + Math.imul(last, factors[2])) >>> (32 - bits)
        const taken = slots[slot] !== -1
        slots[slot] = position
        return !taken
      })
      if (free) return { factors, shift: 32 - bits, slots }
    }
  }
  return undefined
}
