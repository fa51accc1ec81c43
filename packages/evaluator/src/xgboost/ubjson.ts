import type { UnreadableReason } from '../unreadable.ts'
import { type Cursor, Keys, type Kind, MOST_NESTED, type Place, Trail } from './cursor.ts'

import { ShortTexts } from './short-texts.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })
const KINDS: Readonly<Record<string, Kind>> = { '{': 'object', '[': 'array', S: 'text', C: 'text', T: 'boolean', F: 'boolean', Z: 'null' }

interface NumberType {
  /** Bytes of a number. */
  readonly size: number
  readonly read: (view: DataView, at: number) => number
}

const NUMBERS: ReadonlyMap<string, NumberType> = new Map([
  ['i', { size: 1, read: (view: DataView, at: number) => view.getInt8(at) }],
  ['U', { size: 1, read: (view: DataView, at: number) => view.getUint8(at) }],
  ['I', { size: 2, read: (view: DataView, at: number) => view.getInt16(at) }],
  ['l', { size: 4, read: (view: DataView, at: number) => view.getInt32(at) }],
  ['L', { size: 8, read: (view: DataView, at: number) => Number(view.getBigInt64(at)) }],
  ['d', { size: 4, read: (view: DataView, at: number) => view.getFloat32(at) }],
  ['D', { size: 8, read: (view: DataView, at: number) => view.getFloat64(at) }],
])

/** What the head of an array says: the type of all elements and how many there are, where it says so. */
interface Head {
  readonly type: NumberType | undefined
  readonly count: number | undefined
}

/** An array or object that is being passed over. */
interface Frame {
  readonly object: boolean
  /** Elements to come, where its head said how many. */
  left: number | undefined
}

/** UBJSON (draft 12), big-endian. No type of no bytes in typed arrays, no numbers as text, no no-op. */
export class UbjsonCursor implements Cursor {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #trail = new Trail()
  readonly size: number
  readonly #short = new ShortTexts()
  #at = 0

  constructor(bytes: Uint8Array) {
    this.size = bytes.length
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  kind(): Kind {
    if (this.#at >= this.#bytes.length) this.refuse('the file ends where a value is expected')
    const marker = this.#peek()
    const kind = NUMBERS.has(marker) ? 'number' : KINDS[marker]
    return kind ?? this.refuse(`${JSON.stringify(marker)} is no type of value that is read`)
  }

  object(member: (key: string) => void): void {
    this.#expect('object')
    const { count } = this.#head('object')
    const keys = new Keys()
    for (let index = 0; count === undefined ? !this.#ends('}') : index < count; index++) {
      const key = this.#string()
      const fault = keys.fault(key)
      if (fault) this.refuse(fault)
      this.#trail.enter(key)
      member(key)
      this.#trail.leave()
    }
  }

  array(element: (index: number) => void): void {
    this.#expect('array')
    const { type, count } = this.#head('array')
    if (type !== undefined && count !== 0) this.refuse('an array of numbers is not expected')
    this.#each(count, (index) => {
      this.#trail.enter(index)
      element(index)
      this.#trail.leave()
    })
  }

  text(): string {
    this.#expect('text')
    if (this.#take() === 'C') return String.fromCharCode(this.#bytes[this.#forward(1)]!)
    return this.#string()
  }

  number(): number {
    this.#expect('number')
    return this.#number(this.#take())
  }

  skip(): void {
    const open: Frame[] = []
    do {
      const frame = open.at(-1)
      if (frame && this.#closes(frame)) {
        open.pop()
        continue
      }
      if (frame?.object) this.#forward(this.#length(1))
      const inner = this.#skipOne()
      if (inner) open.push(inner)
      if (open.length > MOST_NESTED) this.refuse(`nested more than ${MOST_NESTED} deep`, 'too-large')
    } while (open.length > 0)
  }

  count(): number {
    this.#expect('array')
    const { type, count } = this.#head('array')
    if (type !== undefined) {
      this.#forward(count! * type.size)
      return count!
    }
    return this.#each(count, () => this.#truthOrNumber())
  }

  numbers(take: (value: number, index: number) => void): number {
    return this.#numbers(Number.POSITIVE_INFINITY, take)
  }

  integers(into: Int32Array | Uint8Array, from: number, to: number): number {
    const most = into instanceof Uint8Array ? 0xff : 0x7fff_ffff
    const least = into instanceof Uint8Array ? 0 : -0x8000_0000
    return this.#numbers(to - from, (value, index) => {
      if (!Number.isInteger(value) || value < least || value > most) this.refuse(`a whole number from ${least} to ${most} is expected`)
      into[from + index] = value
    })
  }

  floats(into: Float64Array, from: number, to: number): number {
    return this.#numbers(to - from, (value, index) => {
      const float = Math.fround(value)
      if (Number.isFinite(value) && !Number.isFinite(float)) this.refuse('a number is too large')
      into[from + index] = float
    })
  }

  place(): Place {
    return this.#trail.place(this.#at)
  }

  seek(place: Place): void {
    this.#at = this.#trail.seek(place)
  }

  ended(): boolean {
    return this.#at === this.#bytes.length
  }

  refuse(what: string, reason?: UnreadableReason): never {
    return this.#trail.refuse(this.#at, what, reason)
  }

  #numbers(room: number, put: (value: number, index: number) => void): number {
    this.#expect('array')
    const { type, count } = this.#head('array')
    if (count !== undefined && count > room) this.refuse(`more than ${room} numbers`)
    if (type === undefined)
      return this.#each(count, (index) => {
        if (index >= room) this.refuse(`more than ${room} numbers`)
        put(this.#truthOrNumber(), index)
      })
    const { size, read } = type
    let at = this.#forward(count! * size)
    for (let index = 0; index < count!; index++, at += size) put(read(this.#view, at), index)
    return count!
  }

  /** Each element of an array whose elements carry their types. */
  #each(count: number | undefined, take: (index: number) => void): number {
    let index = 0
    for (; count === undefined ? !this.#ends(']') : index < count; index++) take(index)
    return index
  }

  #truthOrNumber(): number {
    const marker = this.#take()
    return marker === 'T' ? 1 : marker === 'F' ? 0 : this.#number(marker)
  }

  #number(marker: string): number {
    const type = NUMBERS.get(marker)
    if (!type) return this.refuse(`a number is expected, not ${JSON.stringify(marker)}`)
    return type.read(this.#view, this.#forward(type.size))
  }

  /** What follows an opening bracket. A count is never more than the bytes that are left can hold. */
  #head(kind: 'object' | 'array'): Head {
    this.#at++
    let type: NumberType | undefined
    if (this.#peek() === '$') {
      this.#at++
      const marker = this.#take()
      type = kind === 'array' ? NUMBERS.get(marker) : undefined
      if (!type) this.refuse(`an ${kind} of the type ${JSON.stringify(marker)} is not read`)
      if (this.#peek() !== '#') this.refuse('a count is expected')
    }
    if (this.#peek() !== '#') return { type, count: undefined }
    this.#at++
    return { type, count: this.#length(type?.size ?? 1) }
  }

  #length(size: number): number {
    const length = this.#number(this.#take())
    if (!Number.isInteger(length) || length < 0) this.refuse(`${length} is no count`)
    const left = this.#bytes.length - this.#at
    if (length > left / size) this.refuse(`${length} elements or bytes are announced, and ${left} bytes are left`)
    return length
  }

  #string(): string {
    const length = this.#length(1)
    const from = this.#forward(length)
    const known = this.#short.find(this.#bytes, from, this.#at)
    if (known !== undefined) return known
    try {
      return decoder.decode(this.#bytes.subarray(from, from + length))
    } catch {
      return this.refuse('a text is not UTF-8')
    }
  }

  /** Takes a scalar or an array of numbers whole, and only the head of anything else. */
  #skipOne(): Frame | undefined {
    const kind = this.kind()
    if (kind === 'object' || kind === 'array') {
      const { type, count } = this.#head(kind)
      if (type === undefined) return { object: kind === 'object', left: count }
      this.#forward(count! * type.size)
      return undefined
    }
    const marker = this.#take()
    if (kind === 'number') this.#number(marker)
    else if (kind === 'text') this.#forward(marker === 'C' ? 1 : this.#length(1))
    return undefined
  }

  /** Whether what is open has no element left; counts one off otherwise. */
  #closes(frame: Frame): boolean {
    if (frame.left === undefined) return this.#ends(frame.object ? '}' : ']')
    return frame.left-- === 0
  }

  #ends(bracket: string): boolean {
    if (this.#at >= this.#bytes.length) this.refuse('the file ends inside a value')
    if (this.#peek() !== bracket) return false
    this.#at++
    return true
  }

  #expect(kind: Kind): void {
    const found = this.kind()
    if (found !== kind) this.refuse(`${kind} is expected, not ${found}`)
  }

  #peek(): string {
    return String.fromCharCode(this.#bytes[this.#at] ?? 0)
  }

  #take(): string {
    const marker = this.#peek()
    this.#forward(1)
    return marker
  }

  /** Moves on over so many bytes and says where they begin. */
  #forward(bytes: number): number {
    const from = this.#at
    if (bytes > this.#bytes.length - from) this.refuse('the file ends inside a value')
    this.#at = from + bytes
    return from
  }
}
