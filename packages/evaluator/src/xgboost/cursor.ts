import { UnreadableModel, type UnreadableReason } from '../unreadable.ts'

export type Kind = 'object' | 'array' | 'text' | 'number' | 'boolean' | 'null'

/**
 * A model file read from front to back: values are taken one after the other, in either encoding, and no tree of
 * objects is made. Every method takes the whole value that comes next, and throws UnreadableModel when it is of another
 * kind or broken; the place is in the message.
 */
export interface Cursor {
  /** Bytes of the file. */
  readonly size: number
  /** Kind of the value that comes next; takes nothing. */
  kind(): Kind
  /** Calls `member` for each key; it takes the value. A key that comes twice is refused. */
  object(member: (key: string) => void): void
  /** Calls `element` for each element; it takes the value. */
  array(element: (index: number) => void): void
  text(): string
  number(): number
  skip(): void
  /** Takes an array of numbers and says how many there are, without a look at each. */
  count(): number
  /** Takes an array of numbers one by one. */
  numbers(take: (value: number, index: number) => void): number
  /** Takes an array of whole numbers (or truth values) of 32 bits into `into[from … to)`, and says how many there were. More are refused. */
  integers(into: Int32Array | Uint8Array, from: number, to: number): number
  /** As `integers`, with numbers rounded to float32. */
  floats(into: Float64Array, from: number, to: number): number
  /** Where the cursor stands, to come back to with `seek`. */
  place(): Place
  seek(place: Place): void
  /** Whether nothing follows. */
  ended(): boolean
  /** Refuses the file for what stands here. */
  refuse(what: string, reason?: UnreadableReason): never
}

/** Members of one object that are told apart, for the check that no key comes twice. */
const MOST_MEMBERS = 10_000
/** Nesting that is passed over. The format itself needs eight levels. */
export const MOST_NESTED = 64

/** A place in a file. */
export interface Place {
  readonly at: number
  readonly way: readonly (string | number)[]
}

/** The way from the root to where a cursor stands, for messages. */
export class Trail {
  #parts: (string | number)[] = []

  enter(part: string | number): void {
    this.#parts.push(part)
  }

  leave(): void {
    this.#parts.pop()
  }

  place(at: number): Place {
    return { at, way: this.#parts.slice() }
  }

  /** Goes back to a place and says where it is. */
  seek({ at, way }: Place): number {
    this.#parts = way.slice()
    return at
  }

  refuse(at: number, what: string, reason: UnreadableReason = 'malformed'): never {
    const way = this.#parts.map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${part.slice(0, 60)}`)).join('')
    throw new UnreadableModel(reason, way === '' ? `byte ${at}` : `${way} (byte ${at})`, what)
  }
}

/** The keys of an object as they come. */
export class Keys {
  readonly #met = new Set<string>()

  /** What is wrong with this key, if anything. */
  fault(key: string): string | undefined {
    if (this.#met.has(key)) return `the key ${JSON.stringify(key.slice(0, 60))} comes twice`
    if (this.#met.size >= MOST_MEMBERS) return `more than ${MOST_MEMBERS} members`
    this.#met.add(key)
    return undefined
  }
}

type Readers = Readonly<Record<string, () => void>>

/** Takes an object: members by their reader, others by the reader `*`, or they are passed over. Those of `required` that are missing are refused. */
export function fields(cursor: Cursor, readers: Readers, required: readonly string[] = []): void {
  const others = readers['*'] ?? (() => cursor.skip())
  const missing = new Set(required)
  cursor.object((key) => {
    missing.delete(key)
    if (Object.hasOwn(readers, key)) readers[key]!()
    else others()
  })
  for (const key of missing) cursor.refuse(`${key} is missing`)
}

/** An array of whole numbers of any length. */
export function integerArray(cursor: Cursor): Int32Array {
  const array = new Int32Array(counted(cursor))
  cursor.integers(array, 0, array.length)
  return array
}

/** An array of numbers of any length, rounded to float32. */
export function floatArray(cursor: Cursor): Float64Array {
  const array = new Float64Array(counted(cursor))
  cursor.floats(array, 0, array.length)
  return array
}

function counted(cursor: Cursor): number {
  const place = cursor.place()
  const count = cursor.count()
  cursor.seek(place)
  return count
}

/** An array of numbers of any length, as doubles. */
export function numberArray(cursor: Cursor): Float64Array {
  const array = new Float64Array(counted(cursor))
  cursor.numbers((value, index) => {
    array[index] = value
  })
  return array
}

/** An array of texts, at most `most`. */
export function textArray(cursor: Cursor, most: number): string[] {
  const texts: string[] = []
  cursor.array((index) => {
    if (index >= most) cursor.refuse(`more than ${most} texts`, 'too-large')
    texts.push(cursor.text())
  })
  return texts
}

/** A whole number of at least 0 that is written as text, as XGBoost writes its parameters, or as a number. */
export function parameter(cursor: Cursor, most: number): number {
  const value = cursor.kind() === 'number' ? cursor.number() : wholeNumber(cursor.text())
  if (!Number.isSafeInteger(value) || value < 0) cursor.refuse('a whole number is expected')
  if (value > most) cursor.refuse(`${value} is more than ${most}`, 'too-large')
  return value
}

function wholeNumber(text: string): number {
  return /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN
}
