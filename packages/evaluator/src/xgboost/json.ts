import type { UnreadableReason } from '../unreadable.ts'
import { type Cursor, Keys, type Kind, MOST_NESTED, type Place, Trail } from './cursor.ts'
import { JsonScanner } from './json-scanner.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN = { object: 0x7b, array: 0x5b } as const
const CLOSE = { object: 0x7d, array: 0x5d } as const

/** What may stand in an array of numbers or truth values. */
const PLAIN = new Uint8Array(256)
for (const char of ' \n\r\t,0123456789+-.eEtrufalsNInity') PLAIN[char.charCodeAt(0)] = 1

/** JSON with XGBoost's NaN and Infinity. */
export class JsonCursor implements Cursor {
  readonly #bytes: Uint8Array
  readonly #scan: JsonScanner
  readonly #trail = new Trail()
  readonly size: number

  constructor(bytes: Uint8Array) {
    this.size = bytes.length
    this.#bytes = bytes
    this.#scan = new JsonScanner(bytes, (at, what) => this.#trail.refuse(at, what))
  }

  kind(): Kind {
    const byte = this.#scan.next()
    if (byte === OPEN.object) return 'object'
    if (byte === OPEN.array) return 'array'
    if (byte === QUOTE) return 'text'
    if (byte === 0x74 || byte === 0x66) return 'boolean'
    if (byte === 0x6e) return 'null'
    if ((byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x4e || byte === 0x49) return 'number'
    return this.refuse(byte < 0 ? 'the file ends where a value is expected' : `a value is expected, not byte 0x${byte.toString(16).padStart(2, '0')}`)
  }

  object(member: (key: string) => void): void {
    this.#expect('object')
    const keys = new Keys()
    this.#each('object', () => {
      if (this.#scan.next() !== QUOTE) this.refuse('a key is expected')
      const key = this.#scan.text()
      const fault = keys.fault(key)
      if (fault) this.refuse(fault)
      if (this.#scan.next() !== COLON) this.refuse('a colon is expected')
      this.#scan.at++
      this.#trail.enter(key)
      member(key)
      this.#trail.leave()
    })
  }

  array(element: (index: number) => void): void {
    this.#expect('array')
    this.#each('array', (index) => {
      this.#trail.enter(index)
      element(index)
      this.#trail.leave()
    })
  }

  text(): string {
    this.#expect('text')
    return this.#scan.text()
  }

  number(): number {
    this.#expect('number')
    return this.#scan.number()
  }

  skip(): void {
    const kind = this.kind()
    if (kind === 'text') this.#scan.passText()
    else if (kind === 'object' || kind === 'array') this.#skipNested()
    else if (kind === 'number') this.#scan.number()
    else this.#scan.word()
  }

  count(): number {
    this.#expect('array')
    const bytes = this.#bytes
    let commas = 0
    for (let at = this.#scan.at + 1; at < bytes.length; at++) {
      const byte = bytes[at]!
      if (byte === COMMA) commas++
      else if (PLAIN[byte] === 0) {
        this.#scan.at = at
        if (byte !== CLOSE.array) this.refuse('an array of numbers is expected')
        const empty = commas === 0 && this.#scan.isOpened(OPEN.array)
        this.#scan.at++
        return empty ? 0 : commas + 1
      }
    }
    this.#scan.at = bytes.length
    return this.refuse('the file ends inside an array')
  }

  numbers(take: (value: number, index: number) => void): number {
    this.#expect('array')
    return this.#each('array', (index) => {
      this.#scan.next()
      take(this.#scan.number(), index)
    })
  }

  integers(into: Int32Array | Uint8Array, from: number, to: number): number {
    this.#expect('array')
    const most = into instanceof Uint8Array ? 0xff : 0x7fff_ffff
    const least = into instanceof Uint8Array ? 0 : -0x8000_0000
    return this.#each('array', (index) => {
      if (index >= to - from) this.refuse(`more than ${to - from} numbers`)
      const value = this.#scan.numberOrTruth()
      if (!Number.isInteger(value) || value < least || value > most) this.refuse(`a whole number from ${least} to ${most} is expected`)
      into[from + index] = value
    })
  }

  floats(into: Float64Array, from: number, to: number): number {
    this.#expect('array')
    return this.#each('array', (index) => {
      if (index >= to - from) this.refuse(`more than ${to - from} numbers`)
      into[from + index] = this.#scan.float()
    })
  }

  place(): Place {
    return this.#trail.place(this.#scan.at)
  }

  seek(place: Place): void {
    this.#scan.at = this.#trail.seek(place)
  }

  ended(): boolean {
    return this.#scan.next() < 0
  }

  refuse(what: string, reason?: UnreadableReason): never {
    return this.#trail.refuse(this.#scan.at, what, reason)
  }

  #expect(kind: Kind): void {
    const found = this.kind()
    if (found !== kind) this.refuse(`${kind} is expected, not ${found}`)
  }

  /** Calls `take` before each element or member of what opens here; says how many there were. */
  #each(kind: 'object' | 'array', take: (index: number) => void): number {
    this.#scan.at++
    if (this.#scan.next() === CLOSE[kind]) {
      this.#scan.at++
      return 0
    }
    for (let index = 0; ; index++) {
      take(index)
      const byte = this.#scan.next()
      if (byte !== COMMA && byte !== CLOSE[kind]) this.refuse(byte < 0 ? `the file ends inside an ${kind}` : `a comma or the end of the ${kind} is expected`)
      this.#scan.at++
      if (byte !== COMMA) return index + 1
    }
  }

  #skipNested(): void {
    const bytes = this.#bytes
    const open: number[] = []
    while (this.#scan.at < bytes.length) {
      const byte = bytes[this.#scan.at]!
      if (byte === QUOTE) {
        this.#scan.passText()
        continue
      }
      if (byte === OPEN.object || byte === OPEN.array) open.push(byte + 2)
      else if (byte === CLOSE.object || byte === CLOSE.array) {
        if (open.pop() !== byte) this.refuse('a bracket closes what was not opened')
      } else if (PLAIN[byte] === 1) {
        this.#scan.passPlain(PLAIN)
        continue
      } else if (byte !== COLON) this.refuse(`byte 0x${byte.toString(16).padStart(2, '0')} is not expected`)
      if (open.length > MOST_NESTED) this.refuse(`nested more than ${MOST_NESTED} deep`, 'too-large')
      this.#scan.at++
      if (open.length === 0) return
    }
    this.refuse('the file ends inside a value')
  }
}
