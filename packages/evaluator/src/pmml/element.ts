import { UnreadableModel } from '../unreadable.ts'
import type { Xml } from './xml.ts'

/** One element of a PMML document, looked into on demand. */
export class Element {
  readonly id: number
  readonly xml: Xml

  constructor(xml: Xml, id: number) {
    this.xml = xml
    this.id = id
  }

  get name(): string {
    return this.xml.nameOf(this.id)
  }

  get where(): string {
    return `<${this.name}> at byte ${this.xml.position(this.id)}`
  }

  get text(): string {
    return this.xml.text(this.id)
  }

  malformed(what: string): UnreadableModel {
    return new UnreadableModel('malformed', this.where, what)
  }

  unsupported(what: string): UnreadableModel {
    return new UnreadableModel('unsupported', this.where, what)
  }

  find(attribute: string): string | undefined {
    return this.xml.get(this.id, attribute)
  }

  get(attribute: string): string {
    const value = this.find(attribute)
    if (value === undefined) throw this.malformed(`it has no ${attribute}`)
    return value
  }

  /** An attribute's number, or `otherwise` where it is not there. */
  number(attribute: string, otherwise?: number): number {
    const value = this.find(attribute)
    if (value === undefined && otherwise !== undefined) return otherwise
    return readNumber(value ?? '', this)
  }

  /** The elements inside, but for extensions. */
  children(): Element[] {
    const all: Element[] = []
    for (let id = this.xml.first(this.id); id >= 0; id = this.xml.next(id)) {
      const child = new Element(this.xml, id)
      if (child.name !== 'Extension') all.push(child)
    }
    return all
  }

  all(name: string): Element[] {
    return this.children().filter((child) => child.name === name)
  }

  child(name: string): Element | undefined {
    for (let id = this.xml.first(this.id); id >= 0; id = this.xml.next(id)) if (this.xml.nameOf(id) === name) return new Element(this.xml, id)
    return undefined
  }
}

/** A number as PMML writes it. Throws UnreadableModel for any other text. */
export function readNumber(text: string, element: Element): number {
  const trimmed = text.trim()
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(trimmed)) return Number(trimmed)
  if (/^[+-]?INF(INITY)?$/i.test(trimmed)) return trimmed.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  if (/^NaN$/i.test(trimmed)) return Number.NaN
  throw element.malformed(`${JSON.stringify(text.slice(0, 60))} is not a number`)
}

/** The items of an `Array`: separated by blanks, those with blanks inside in quotes. */
export function readArray(array: Element): string[] {
  const items: string[] = []
  for (const match of array.text.matchAll(/"((?:[^"\\]|\\[\s\S])*)"|([^\s"]+)/g))
    items.push(match[1] === undefined ? (match[2] as string) : match[1].replace(/\\(["\\])/g, '$1'))
  const count = array.find('n')
  if (count !== undefined && Number(count) !== items.length) throw array.malformed(`it says ${count} items and has ${items.length}`)
  return items
}
