import { parseJson } from '@fairlead/contract'

const QUOTE = 0x22

/** Where the fields of one column stand in the bytes of a batch. */
export class Spans {
  bytes: Buffer = Buffer.alloc(0)
  readonly from: Int32Array
  readonly to: Int32Array

  constructor(rows: number) {
    this.from = new Int32Array(rows)
    this.to = new Int32Array(rows)
  }

  /** Whether nothing stands there, not even quotes. */
  isNothing(row: number): boolean {
    return this.from[row] === this.to[row]
  }

  isEmpty(row: number): boolean {
    const [from, to] = this.inner(row)
    return from === to
  }

  /** The field without its quotes. */
  inner(row: number): [from: number, to: number] {
    const from = this.from[row]!
    const to = this.to[row]!
    return this.bytes[from] === QUOTE && to > from ? [from + 1, to - 1] : [from, to]
  }

  text(row: number): string {
    return fieldText(this.bytes, this.from[row]!, this.to[row]!)
  }
}

/** The text of a field, without its quotes. */
export function fieldText(bytes: Buffer, from: number, to: number): string {
  if (bytes[from] !== QUOTE || to === from) return bytes.toString('utf8', from, to)
  const inner = bytes.toString('utf8', from + 1, to - 1)
  return inner.includes('"') ? inner.replaceAll('""', '"') : inner
}

/** An array in a field, as JSON; text that is none stays text, to be refused by name. */
export function readFieldArray(text: string): unknown {
  if (text === '') return null
  try {
    return parseJson(text)
  } catch {
    return text
  }
}
