import { UnreadableModel } from '../unreadable.ts'

const DEEPEST = 10_000
const MOST_ATTRIBUTES = 200
const LONGEST_NAME = 200
const NONE = -1

const LESS = 0x3c
const GREATER = 0x3e
const SLASH = 0x2f
const EQUALS = 0x3d
const COLON = 0x3a

/**
 * An XML document as flat arrays: elements in the order of their start tags, each with its next sibling and where its tag
 * and its content end. Attributes and texts stay in the bytes: a tag is looked through again when one of its attributes is
 * asked for, so that elements take 16 bytes each whatever they hold. UTF-8 alone; no document type, no entities but the five
 * of XML and numbered characters, so that nothing can be expanded or fetched. Prefixes are dropped.
 */
export class Xml {
  readonly bytes: Uint8Array
  /** Elements so far. */
  private count = 0
  /** For each element: number of its name, where its name starts, its next sibling, end of its content. */
  private readonly name: Int32Array
  private readonly tag: Int32Array
  private readonly sibling: Int32Array
  private readonly to: Int32Array
  private readonly names: string[] = []
  private readonly numbers = new Map<string, number>()
  private readonly byHash = new Map<number, { readonly number: number; readonly from: number }>()
  private at = 0

  /** Throws UnreadableModel for what is not well formed, nested too deep, or wants a document type or entities. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    const most = countTags(bytes)
    this.name = new Int32Array(most)
    this.tag = new Int32Array(most)
    this.sibling = new Int32Array(most)
    this.to = new Int32Array(most)
    this.parse()
  }

  get elements(): number {
    return this.count
  }

  /** Position of the byte where an element's content starts, to say where something is. */
  position(element: number): number {
    let at = this.tag[element] as number
    for (let byte = this.bytes[at]; byte !== GREATER; byte = this.bytes[at]) at = isQuote(byte) ? this.bytes.indexOf(byte as number, at + 1) + 1 : at + 1
    return at + 1
  }

  nameOf(element: number): string {
    return this.names[this.name[element] as number] as string
  }

  /** The first element inside, or −1. */
  first(element: number): number {
    const next = element + 1
    return next < this.count && (this.tag[next] as number) < (this.to[element] as number) ? next : NONE
  }

  /** The element after this one under the same parent, or −1. */
  next(element: number): number {
    return this.sibling[element] as number
  }

  /** The value of an attribute whose name is of ASCII, or undefined. */
  get(element: number, name: string): string | undefined {
    const { bytes } = this
    let at = afterName(bytes, this.tag[element] as number)
    for (;;) {
      at = afterSpace(bytes, at)
      const from = at
      at = afterName(bytes, at)
      if (at === from) return undefined
      const isAsked = isNamed(bytes, { from, to: at }, name)
      at = bytes.indexOf(EQUALS, at) + 1
      at = afterSpace(bytes, at)
      const end = bytes.indexOf(bytes[at] as number, at + 1)
      if (isAsked) return this.decode(at + 1, end)
      at = end + 1
    }
  }

  /** The text inside an element that has no elements in it. */
  text(element: number): string {
    return this.decode(this.position(element), this.to[element] as number)
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
    if (this.count === 0) throw this.broken('it is not XML: there is no element')
    this.onlySpace(this.at, bytes.length)
  }

  private onlySpace(from: number, to: number): void {
    for (let i = from; i < to; i += 1) if ((this.bytes[i] as number) > 32) throw this.broken('text outside the one element of the document')
  }

  /** A start tag. Gives the element if it stays open, −1 if it is empty. */
  private open(parents: readonly number[], previous: number[]): number {
    if (parents.length >= DEEPEST) throw this.broken(`nested deeper than ${DEEPEST} elements`)
    if (parents.length === 0 && this.count > 0) throw this.broken('a second element beside the one of the document')
    const element = this.count
    this.tag[element] = this.at
    this.name[element] = this.readName()
    this.sibling[element] = NONE
    this.count += 1
    const before = previous.at(-1) as number
    if (before !== NONE) this.sibling[before] = element
    previous[previous.length - 1] = element
    const isEmpty = this.readAttributes()
    this.to[element] = this.at
    return isEmpty ? NONE : element
  }

  private readAttributes(): boolean {
    for (let count = 0; ; count += 1) {
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
      this.readName()
      if (count >= MOST_ATTRIBUTES) throw this.broken(`an element with more than ${MOST_ATTRIBUTES} attributes`)
      this.space()
      if (this.bytes[this.at] !== EQUALS) throw this.broken('an attribute without a value')
      this.at += 1
      this.space()
      const quote = this.bytes[this.at]
      const end = isQuote(quote) ? this.bytes.indexOf(quote as number, this.at + 1) : -1
      if (end < 0) throw this.broken('an attribute whose value is not in quotes')
      this.at = end + 1
    }
  }

  private close(open: number[], tag: number): void {
    this.at += 1
    const name = this.readName()
    this.space()
    const element = open.pop()
    if (element === undefined || this.name[element] !== name || this.bytes[this.at] !== GREATER)
      throw this.broken(`</${this.names[name]}> closes what is not open`)
    this.to[element] = tag
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
    this.at = afterSpace(this.bytes, this.at)
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

/** Start tags there can be at most. */
function countTags(bytes: Uint8Array): number {
  let count = 0
  for (let at = bytes.indexOf(LESS); at >= 0; at = bytes.indexOf(LESS, at + 1)) {
    const byte = bytes[at + 1]
    if (byte !== SLASH && byte !== 0x21 && byte !== 0x3f) count += 1
  }
  return count
}

function isQuote(byte: number | undefined): boolean {
  return byte === 0x22 || byte === 0x27
}

function afterName(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length && isNamePart(bytes[at] as number)) at += 1
  return at
}

function afterSpace(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length && (bytes[at] as number) <= 32) at += 1
  return at
}

/** Whether a name in the bytes is this one, but for its prefix; that of names with xml stays. */
function isNamed(bytes: Uint8Array, { from, to }: { readonly from: number; readonly to: number }, name: string): boolean {
  const start = to - name.length
  if (start < from) return false
  for (let i = 0; i < name.length; i += 1) if (bytes[start + i] !== name.charCodeAt(i)) return false
  if (start === from) return true
  const isXml = bytes[from] === 0x78 && bytes[from + 1] === 0x6d && bytes[from + 2] === 0x6c
  return !isXml && bytes.subarray(from, start).indexOf(COLON) === start - 1 - from
}

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
