import { UnreadableModel } from '../unreadable.ts'

const DEEPEST = 10_000
const MOST_ATTRIBUTES = 200
const LONGEST_NAME = 200
const NONE = -1

const LESS = 0x3c
const GREATER = 0x3e
const SLASH = 0x2f
const EQUALS = 0x3d

/** Numbers that grow as they come, without an object for each. */
class Numbers {
  items = new Int32Array(1024)
  length = 0

  push(value: number): number {
    if (this.length === this.items.length) {
      const larger = new Int32Array(this.length * 2)
      larger.set(this.items)
      this.items = larger
    }
    this.items[this.length] = value
    this.length += 1
    return this.length - 1
  }
}

/**
 * An XML document as flat arrays: elements in the order of their start tags, each with its next sibling and the places of
 * its attributes and content in the bytes, which are decoded when they are asked for. UTF-8 alone; no document type, no
 * entities but the five of XML and numbered characters, so that nothing can be expanded or fetched. Prefixes are dropped.
 */
export class Xml {
  readonly bytes: Uint8Array
  /** For each element: number of its name, its first attribute, its next sibling, start and end of its content. */
  private readonly name = new Numbers()
  private readonly attribute = new Numbers()
  private readonly sibling = new Numbers()
  private readonly from = new Numbers()
  private readonly to = new Numbers()
  /** For each attribute: number of its name, start and end of its value. */
  private readonly key = new Numbers()
  private readonly start = new Numbers()
  private readonly end = new Numbers()
  private readonly names: string[] = []
  private readonly numbers = new Map<string, number>()
  private readonly byHash = new Map<number, { readonly number: number; readonly from: number }>()
  private at = 0

  /** Throws UnreadableModel for what is not well formed, nested too deep, or wants a document type or entities. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.parse()
  }

  get elements(): number {
    return this.name.length
  }

  /** Position of the byte where an element's content starts, to say where something is. */
  position(element: number): number {
    return this.from.items[element] as number
  }

  nameOf(element: number): string {
    return this.names[this.name.items[element] as number] as string
  }

  /** The first element inside, or −1. */
  first(element: number): number {
    const next = element + 1
    // An empty element inside ends where the content around it may end; one after it is beyond a closing tag.
    return next < this.name.length && (this.from.items[next] as number) <= (this.to.items[element] as number) ? next : NONE
  }

  /** The element after this one under the same parent, or −1. */
  next(element: number): number {
    return this.sibling.items[element] as number
  }

  /** The value of an attribute, or undefined. */
  get(element: number, name: string): string | undefined {
    const number = this.numbers.get(name)
    const last = element + 1 < this.attribute.length ? (this.attribute.items[element + 1] as number) : this.key.length
    for (let i = this.attribute.items[element] as number; i < last; i += 1) {
      if (this.key.items[i] === number) return this.decode(this.start.items[i] as number, this.end.items[i] as number)
    }
    return undefined
  }

  /** The text inside an element that has no elements in it. */
  text(element: number): string {
    return this.decode(this.from.items[element] as number, this.to.items[element] as number)
  }

  private broken(what: string): UnreadableModel {
    return new UnreadableModel('malformed', `byte ${this.at}`, what)
  }

  private decode(from: number, to: number): string {
    const text = DECODER.decode(this.bytes.subarray(from, to))
    if (!text.includes('&') && !text.includes('<')) return text
    return text.replace(
      /<!\[CDATA\[([\s\S]*?)\]\]>|<!--[\s\S]*?-->|<\?[\s\S]*?\?>|&([^;&<]{1,12});?/g,
      (all, data: string | undefined, entity: string | undefined) => {
        if (entity === undefined) return data ?? ''
        const known = all.endsWith(';') ? ENTITIES[entity] : undefined
        if (known !== undefined) return known
        const code = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(entity)
        const point = code === null ? Number.NaN : Number.parseInt(code[1] ?? code[2] ?? '', code[1] === undefined ? 10 : 16)
        if (!(point <= 0x10ffff)) throw new UnreadableModel('malformed', `byte ${from}`, `the entity &${entity}; is not one of XML's own five`)
        return String.fromCodePoint(point)
      },
    )
  }

  private parse(): void {
    const { bytes } = this
    const open: number[] = []
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.at = 3
    const previous: number[] = [NONE]
    for (;;) {
      const tag = bytes.indexOf(LESS, this.at)
      if (tag < 0) break
      if (open.length === 0) this.onlySpace(this.at, tag)
      this.at = tag + 1
      const byte = bytes[this.at]
      if (byte === 0x21) this.declaration()
      else if (byte === 0x3f) this.instruction()
      else if (byte === SLASH) {
        this.close(open, tag)
        previous.pop()
      } else {
        const element = this.open(open, previous)
        if (element !== NONE) {
          open.push(element)
          previous.push(NONE)
        }
      }
    }
    if (open.length > 0) throw this.broken(`the document ends inside <${this.nameOf(open.at(-1) as number)}>`)
    if (this.name.length === 0) throw this.broken('it is not XML: there is no element')
    this.onlySpace(this.at, bytes.length)
  }

  private onlySpace(from: number, to: number): void {
    for (let i = from; i < to; i += 1) if ((this.bytes[i] as number) > 32) throw this.broken('text outside the one element of the document')
  }

  /** A start tag. Gives the element if it stays open, −1 if it is empty. */
  private open(parents: readonly number[], previous: number[]): number {
    if (parents.length >= DEEPEST) throw this.broken(`nested deeper than ${DEEPEST} elements`)
    if (parents.length === 0 && this.name.length > 0) throw this.broken('a second element beside the one of the document')
    const element = this.name.push(this.readName())
    this.attribute.push(this.key.length)
    this.sibling.push(NONE)
    const before = previous.at(-1) as number
    if (before !== NONE) this.sibling.items[before] = element
    previous[previous.length - 1] = element
    const isEmpty = this.readAttributes()
    this.from.push(this.at)
    this.to.push(this.at)
    return isEmpty ? NONE : element
  }

  private readAttributes(): boolean {
    const first = this.key.length
    for (;;) {
      this.space()
      const byte = this.bytes[this.at]
      if (byte === GREATER) {
        this.at += 1
        return false
      }
      if (byte === SLASH) {
        if (this.bytes[this.at + 1] !== GREATER) throw this.broken('a slash inside a tag')
        this.at += 2
        return true
      }
      this.key.push(this.readName())
      if (this.key.length - first > MOST_ATTRIBUTES) throw this.broken(`an element with more than ${MOST_ATTRIBUTES} attributes`)
      this.space()
      if (this.bytes[this.at] !== EQUALS) throw this.broken('an attribute without a value')
      this.at += 1
      this.space()
      const quote = this.bytes[this.at]
      const end = quote === 0x22 || quote === 0x27 ? this.bytes.indexOf(quote, this.at + 1) : -1
      if (end < 0) throw this.broken('an attribute whose value is not in quotes')
      this.start.push(this.at + 1)
      this.end.push(end)
      this.at = end + 1
    }
  }

  private close(open: number[], tag: number): void {
    this.at += 1
    const name = this.readName()
    this.space()
    const element = open.pop()
    if (element === undefined || this.name.items[element] !== name || this.bytes[this.at] !== GREATER)
      throw this.broken(`</${this.names[name]}> closes what is not open`)
    this.to.items[element] = tag
    this.at += 1
  }

  /** Number of a name, its prefix left out; a prefix of attributes stays, so that they are not taken for others. */
  private readName(): number {
    const from = this.at
    let hash = 0
    for (; this.at < this.bytes.length && isNamePart(this.bytes[this.at] as number); this.at += 1)
      hash = (Math.imul(hash, 31) + (this.bytes[this.at] as number)) | 0
    if (this.at === from || this.at - from > LONGEST_NAME) throw this.broken('a name is expected')
    const likely = this.byHash.get(hash)
    if (likely !== undefined && this.isSame(likely.from, from)) return likely.number
    const number = this.number(from)
    this.byHash.set(hash, { number, from })
    return number
  }

  /** Whether the name that starts at one byte is the one from another to here. */
  private isSame(other: number, from: number): boolean {
    for (let i = from; i < this.at; i += 1) if (this.bytes[other + i - from] !== this.bytes[i]) return false
    return !isNamePart(this.bytes[other + this.at - from] ?? 0)
  }

  private number(from: number): number {
    const whole = DECODER.decode(this.bytes.subarray(from, this.at))
    const name = whole.startsWith('xml') ? whole : whole.slice(whole.indexOf(':') + 1)
    const known = this.numbers.get(name)
    if (known !== undefined) return known
    this.numbers.set(name, this.names.length)
    return this.names.push(name) - 1
  }

  private space(): void {
    while (this.at < this.bytes.length && (this.bytes[this.at] as number) <= 32) this.at += 1
  }

  /** A comment or a character section; a document type is refused. */
  private declaration(): void {
    if (this.startsWith('!--')) this.skipTo('-->')
    else if (this.startsWith('![CDATA[')) this.skipTo(']]>')
    else throw new UnreadableModel('unsupported', `byte ${this.at}`, 'a document type or other declaration is not read')
  }

  private instruction(): void {
    const from = this.at
    this.skipTo('?>')
    const text = DECODER.decode(this.bytes.subarray(from, Math.min(this.at, from + 200)))
    const encoding = /^\?xml\s[^>]*encoding\s*=\s*["']([^"']*)["']/.exec(text)?.[1]
    if (encoding !== undefined && !/^(utf-?8|us-ascii|ascii)$/i.test(encoding))
      throw new UnreadableModel('unsupported', 'byte 0', `the encoding ${encoding} is not read, only UTF-8`)
  }

  private startsWith(text: string): boolean {
    for (let i = 0; i < text.length; i += 1) if (this.bytes[this.at + i] !== text.charCodeAt(i)) return false
    return true
  }

  private skipTo(text: string): void {
    for (;;) {
      const at = this.bytes.indexOf(text.charCodeAt(0), this.at)
      if (at < 0) throw this.broken(`${text} is missing`)
      this.at = at
      if (this.startsWith(text)) break
      this.at += 1
    }
    this.at += text.length
  }
}

const DECODER = new TextDecoder()
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function isNamePart(byte: number): boolean {
  return (
    byte > 127 ||
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x30 && byte <= 0x3a) ||
    byte === 0x5f ||
    byte === 0x2d ||
    byte === 0x2e
  )
}
