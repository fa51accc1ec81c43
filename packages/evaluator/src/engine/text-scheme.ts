/** Beyond so many texts a table without collisions would be too large, or never be found. */
const MOST = 64
/** Characters from either end of a text that may tell it from others. */
const ENDS = 8
const MOST_BITS = 12

/**
 * How a text's own slot is found: by its length and up to two of its characters, `front` from its start and `back` from its end, as
 * `(last · 1031 + first + second · 37) & mask`, where `last` is the place of its last character.
 */
export interface Scheme {
  readonly characters: 0 | 1 | 2
  readonly front: number
  readonly back: number
  readonly mask: number
  /** Position of the text of each slot, −1 where there is none. */
  readonly slots: Int32Array
  /** That text, or an empty one. */
  readonly owners: readonly string[]
}

/** A slot of its own for each text but an empty one, with as few characters and slots as can be; undefined where there is none. */
export function schemeOf(texts: ReadonlyMap<string, number>): Scheme | undefined {
  if (texts.size > MOST) return undefined
  const filled = [...texts.keys()].filter((text) => text !== '')
  for (const characters of [0, 1, 2] as const) {
    for (let bits = 1; bits <= MOST_BITS; bits++) {
      if (1 << bits < filled.length) continue
      for (let front = 0; front < (characters > 0 ? ENDS : 1); front++) {
        for (let back = 0; back < (characters > 1 ? ENDS : 1); back++) {
          const way = { characters, front, back, mask: (1 << bits) - 1 }
          const owners = ownersOf(filled, way)
          if (owners) return { ...way, owners, slots: Int32Array.from(owners, (owner) => (owner === '' ? -1 : (texts.get(owner) as number))) }
        }
      }
    }
  }
  return undefined
}

type Way = Pick<Scheme, 'characters' | 'front' | 'back' | 'mask'>

function ownersOf(texts: readonly string[], way: Way): string[] | undefined {
  const owners = new Array<string>(way.mask + 1).fill('')
  for (const text of texts) {
    const slot = slotOf(text, way)
    if (owners[slot] !== '') return undefined
    // names of properties are what engines keep once and compare by their address, and so are short texts of JSON
    owners[slot] = Object.keys({ [text]: 0 })[0] as string
  }
  return owners
}

function slotOf(text: string, { characters, front, back, mask }: Way): number {
  const last = text.length - 1
  const first = characters > 0 ? text.charCodeAt(Math.min(front, last)) : 0
  const second = characters > 1 ? text.charCodeAt(Math.max(0, last - back)) : 0
  return (last * 1031 + first + second * 37) & mask
}
