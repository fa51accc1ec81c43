/** Walks the lines of a text file in bytes: no text is made of a line unless it is asked for. */
export class Lines {
  readonly bytes: Uint8Array
  /** The line: from its first byte to the byte after its last, without its end. */
  from = 0
  to = 0
  /** Carriage returns before the line's own start, all of them at ends of lines. */
  returns = 0
  #next = 0
  #returned = false

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** Goes to the next line; false at the end of the file. */
  next(): boolean {
    if (this.#next >= this.bytes.length) return false
    if (this.#returned) this.returns++
    this.from = this.#next
    this.to = this.#end(this.from)
    this.#next = this.to + 1
    this.#returned = this.to > this.from && this.bytes[this.to - 1] === 13
    if (this.#returned) this.to--
    return true
  }

  /** Where a line ends. Short ones are looked through here: a call costs more. */
  #end(from: number): number {
    const near = Math.min(from + 16, this.bytes.length)
    for (let at = from; at < near; at++) if (this.bytes[at] === 10) return at
    const end = this.bytes.indexOf(10, near)
    return end < 0 ? this.bytes.length : end
  }

  /** Makes the line that begins at this byte the next one. */
  goTo(byte: number): void {
    this.#next = byte
    this.#returned = false
  }

  /** First byte of the next line. */
  get after(): number {
    return this.#next
  }

  get empty(): boolean {
    return this.from === this.to
  }

  /** Whether the line begins with this ASCII text. */
  starts(text: string): boolean {
    if (this.to - this.from < text.length) return false
    for (let i = 0; i < text.length; i++) if (this.bytes[this.from + i] !== text.charCodeAt(i)) return false
    return true
  }

  /** Whether the line is this ASCII text. */
  is(text: string): boolean {
    return this.to - this.from === text.length && this.starts(text)
  }

  /** Up to 40 characters of the line, for messages. */
  get excerpt(): string {
    const shown = Math.min(this.to, this.from + 40)
    const text = JSON.stringify(String.fromCharCode(...this.bytes.subarray(this.from, shown)))
    return shown < this.to ? `${text} …` : text
  }
}

/** How many words stand in a line, from one byte to another, with one space or more between them. */
export function countWords(bytes: Uint8Array, from: number, to: number): number {
  let words = 0
  let space = true
  for (let at = from; at < to; at++) {
    const blank = bytes[at] === 32
    if (space && !blank) words++
    space = blank
  }
  return words
}
