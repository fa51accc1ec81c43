import { UnreadableModel } from '../unreadable.ts'

/** What a Python literal in an array's header may be. A tuple and a list are both an array here. */
export type Literal = string | number | boolean | null | Literal[] | { readonly [key: string]: Literal }

const DEEPEST = 8

/** Reads the one Python literal that a text is (texts, whole numbers, True, False, None, tuples, lists, dicts). Throws UnreadableModel. */
export function readLiteral(text: string, where: string): Literal {
  const reader = new LiteralReader(text, where)
  const value = reader.value(0)
  reader.finish()
  return value
}

class LiteralReader {
  private readonly text: string
  private readonly where: string
  private at = 0

  constructor(text: string, where: string) {
    this.text = text
    this.where = where
  }

  value(depth: number): Literal {
    if (depth > DEEPEST) throw this.broken()
    this.space()
    const first = this.text[this.at]
    if (first === '(' || first === '[') return this.sequence(first === '(' ? ')' : ']', depth)
    if (first === '{') return this.dict(depth)
    if (first === "'" || first === '"') return this.quoted(first)
    const word = /[A-Za-z0-9-]+/y
    word.lastIndex = this.at
    const found = word.exec(this.text)?.[0] ?? ''
    this.at += found.length
    if (found === 'True') return true
    if (found === 'False') return false
    if (found === 'None') return null
    if (!/^-?\d{1,15}L?$/.test(found)) throw this.broken()
    return Number.parseInt(found, 10)
  }

  finish(): void {
    this.space()
    if (this.at !== this.text.length) throw this.broken()
  }

  private broken(): UnreadableModel {
    return new UnreadableModel('malformed', this.where, `the header of the array is not understood at character ${this.at}`)
  }

  private space(): void {
    while (this.at < this.text.length && ' \t\r\n'.includes(this.text[this.at] as string)) this.at += 1
  }

  private take(character: string): boolean {
    this.space()
    if (this.text[this.at] !== character) return false
    this.at += 1
    return true
  }

  private sequence(end: string, depth: number): Literal[] {
    this.at += 1
    const items: Literal[] = []
    while (!this.take(end)) {
      items.push(this.value(depth + 1))
      if (!this.take(',') && this.text[this.at] !== end) throw this.broken()
    }
    return items
  }

  private dict(depth: number): Literal {
    this.at += 1
    const items = new Map<string, Literal>()
    while (!this.take('}')) {
      this.space()
      const key = this.quoted(this.text[this.at] ?? '')
      if (!this.take(':')) throw this.broken()
      items.set(key, this.value(depth + 1))
      if (!this.take(',') && this.text[this.at] !== '}') throw this.broken()
    }
    return Object.fromEntries(items)
  }

  private quoted(quote: string): string {
    const end = quote === "'" || quote === '"' ? this.text.indexOf(quote, this.at + 1) : -1
    if (end < 0) throw this.broken()
    const value = this.text.slice(this.at + 1, end)
    if (value.includes('\\')) throw this.broken()
    this.at = end + 1
    return value
  }
}
