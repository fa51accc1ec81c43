import { UnreadableModel } from '../unreadable.ts'

const LENGTH_BASE = Uint16Array.of(3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258)
const LENGTH_EXTRA = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0)
const DISTANCE_BASE = Uint16Array.of(
  1,
  2,
  3,
  4,
  5,
  7,
  9,
  13,
  17,
  25,
  33,
  49,
  65,
  97,
  129,
  193,
  257,
  385,
  513,
  769,
  1025,
  1537,
  2049,
  3073,
  4097,
  6145,
  8193,
  12289,
  16385,
  24577,
)
const DISTANCE_EXTRA = Uint8Array.of(0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13)
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
const MAX_BITS = 15
const LONGEST_COPY = 258

/** A Huffman code: how many codes of each length there are, and the symbols in the order of their codes. */
interface Code {
  readonly counts: Uint16Array
  readonly symbols: Uint16Array
  /** For the next bits of the stream: symbol × 16 + length of its code; 0 for codes that are longer. */
  readonly short: Uint16Array
}

/** Codes up to this length are found by one look. */
const SHORT_BITS = 10
const SHORT = (1 << SHORT_BITS) - 1
/** In a table of short codes, symbols from these on are no literals, and begin copies. */
const LITERALS = 256 * 16
const FIRST_LENGTH = 257 * 16
/** From so many bytes on a copy is left to the engine of JavaScript: below, its call takes longer. */
const LONG_COPY = 24

/**
 * The bytes of a raw deflate stream (RFC 1951) that must come to exactly `size`: the caller has judged that size, and
 * nothing beyond it is ever written. Synchronous on purpose: runtimes offer inflating only as a stream.
 */
export function inflate(bytes: Uint8Array, size: number, where: string): Uint8Array {
  const inflater = new Inflater(bytes, { size, most: size }, where)
  inflater.run()
  if (inflater.written !== size) throw new UnreadableModel('malformed', where, `it unpacks to ${inflater.written} bytes and says ${size}`)
  return inflater.out
}

/** The bytes of a raw deflate stream of unknown size, at most `most` of them. Throws UnreadableModel beyond that. */
export function inflateUpTo(bytes: Uint8Array, most: number, where: string): Uint8Array {
  const inflater = new Inflater(bytes, { size: Math.min(most, Math.max(1024, bytes.length * 4)), most }, where)
  inflater.run()
  return inflater.out.subarray(0, inflater.written)
}

/** The first bytes of a raw deflate stream, `least` of them or all there are: what follows is not looked at. */
export function inflateHead(bytes: Uint8Array, least: number, where: string): Uint8Array {
  const size = least + LONGEST_COPY
  const inflater = new Inflater(bytes, { size, most: size }, where)
  try {
    inflater.run()
  } catch (error) {
    if (inflater.written < least) throw error
  }
  return inflater.out.subarray(0, Math.min(least, inflater.written))
}

class Inflater {
  out: Uint8Array
  written = 0
  private readonly most: number
  private readonly bytes: Uint8Array
  private readonly where: string
  private at = 0
  private bits = 0
  private held = 0

  constructor(bytes: Uint8Array, { size, most }: { readonly size: number; readonly most: number }, where: string) {
    this.bytes = bytes
    this.where = where
    this.most = most
    this.out = new Uint8Array(size)
  }

  run(): void {
    for (let last = 0; last === 0; ) {
      last = this.take(1)
      const kind = this.take(2)
      if (kind === 0) this.stored()
      else if (kind === 1) this.block(FIXED_LENGTHS, FIXED_DISTANCES)
      else if (kind === 2) this.dynamic()
      else throw this.broken('a block of a kind that does not exist')
    }
  }

  /** Makes room for this many bytes more. */
  private room(count: number): void {
    const needed = this.written + count
    if (needed <= this.out.length) return
    if (needed > this.most)
      throw new UnreadableModel(
        this.out.length === this.most ? 'malformed' : 'too-large',
        this.where,
        `its deflate stream unpacks to more than ${this.most} bytes`,
      )
    const larger = new Uint8Array(Math.min(this.most, needed * 2))
    larger.set(this.out)
    this.out = larger
  }

  private broken(what: string): UnreadableModel {
    return new UnreadableModel('malformed', this.where, `its deflate stream is broken: ${what}`)
  }

  private take(count: number): number {
    while (this.held < count) {
      if (this.at >= this.bytes.length) throw this.broken('it ends too early')
      this.bits |= (this.bytes[this.at] as number) << this.held
      this.at += 1
      this.held += 8
    }
    const value = this.bits & ((1 << count) - 1)
    this.bits >>>= count
    this.held -= count
    return value
  }

  private stored(): void {
    this.at -= this.held >> 3
    this.bits = 0
    this.held = 0
    if (this.at + 4 > this.bytes.length) throw this.broken('it ends too early')
    const [a = 0, b = 0, c = 0, d = 0] = this.bytes.subarray(this.at, this.at + 4)
    const length = a | (b << 8)
    if (length !== (~(c | (d << 8)) & 0xffff)) throw this.broken('the length of a stored block does not match its complement')
    this.at += 4
    if (this.at + length > this.bytes.length) throw this.broken('it ends too early')
    const isHead = this.written + length > this.most
    const some = isHead ? this.most - this.written : length
    this.room(some)
    this.out.set(this.bytes.subarray(this.at, this.at + some), this.written)
    this.at += some
    this.written += some
    if (isHead) this.room(1)
  }

  private decode(code: Code): number {
    while (this.held < SHORT_BITS && this.at < this.bytes.length) {
      this.bits |= (this.bytes[this.at] as number) << this.held
      this.at += 1
      this.held += 8
    }
    const found = code.short[this.bits & SHORT] as number
    const bits = found & 15
    if (bits === 0 || bits > this.held) return this.decodeLong(code)
    this.bits >>>= bits
    this.held -= bits
    return found >> 4
  }

  private decodeLong(code: Code): number {
    let value = 0
    let first = 0
    let index = 0
    for (let length = 1; length <= MAX_BITS; length += 1) {
      value |= this.take(1)
      const count = code.counts[length] as number
      if (value - count < first) return code.symbols[index + (value - first)] as number
      index += count
      first = (first + count) << 1
      value <<= 1
    }
    throw this.broken('a code that stands for nothing')
  }

  private dynamic(): void {
    const lengths = this.take(5) + 257
    const distances = this.take(5) + 1
    const codes = this.take(4) + 4
    if (lengths > 286 || distances > 30) throw this.broken('more codes than there can be')
    const sizes = new Uint8Array(320)
    for (let i = 0; i < codes; i += 1) sizes[CODE_ORDER[i] as number] = this.take(3)
    const code = huffman(sizes.subarray(0, 19))
    const all = new Uint8Array(lengths + distances)
    for (let i = 0; i < all.length; ) {
      const symbol = this.decode(code)
      if (symbol < 16) {
        all[i] = symbol
        i += 1
        continue
      }
      if (symbol === 16 && i === 0) throw this.broken('a repeated length with nothing before it')
      const value = symbol === 16 ? (all[i - 1] as number) : 0
      const times = symbol === 16 ? 3 + this.take(2) : symbol === 17 ? 3 + this.take(3) : 11 + this.take(7)
      if (i + times > all.length) throw this.broken('more lengths than codes')
      all.fill(value, i, i + times)
      i += times
    }
    this.block(huffman(all.subarray(0, lengths)), huffman(all.subarray(lengths)))
  }

  /** One block: its state in variables, since a field of an object is read and written at every use. */
  private block(lengths: Code, distances: Code): void {
    const { bytes } = this
    const { short } = lengths
    // far enough from the end, bits need no counting
    const far = bytes.length - 8
    let { at, bits, held, written, out } = this
    for (;;) {
      if (held < 16 && at < far) {
        bits |= ((bytes[at] as number) | ((bytes[at + 1] as number) << 8)) << held
        at += 2
        held += 16
      }
      const found = held < SHORT_BITS ? 0 : (short[bits & SHORT] as number)
      const size = found & 15
      if (size !== 0 && found < LITERALS && written < out.length) {
        bits >>>= size
        held -= size
        out[written++] = found >> 4
        continue
      }
      if (size !== 0 && found >= FIRST_LENGTH && at < far) {
        bits >>>= size
        held -= size
        for (; held <= 24; held += 8) bits |= (bytes[at++] as number) << held
        const symbol = (found >> 4) - 257
        const extra = LENGTH_EXTRA[symbol] as number
        const way = distances.short[(bits >>> extra) & SHORT] as number
        const code = way >> 4
        if ((way & 15) !== 0 && symbol < LENGTH_BASE.length && code < DISTANCE_BASE.length) {
          const length = (LENGTH_BASE[symbol] as number) + (bits & ((1 << extra) - 1))
          bits >>>= extra + (way & 15)
          held -= extra + (way & 15)
          for (; held <= 24; held += 8) bits |= (bytes[at++] as number) << held
          const more = DISTANCE_EXTRA[code] as number
          const distance = (DISTANCE_BASE[code] as number) + (bits & ((1 << more) - 1))
          bits >>>= more
          held -= more
          const end = written + length
          if (length < LONG_COPY && distance <= written && end <= out.length) {
            for (; written < end; written += 1) out[written] = out[written - distance] as number
            continue
          }
          this.written = written
          this.copy(length, distance)
          written = this.written
          out = this.out
          continue
        }
        this.resume(at, bits, held, written)
        this.readCopy(symbol, distances)
      } else {
        this.resume(at, bits, held, written)
        const symbol = this.decode(lengths)
        if (symbol === 256) return
        if (symbol < 256) this.literal(symbol)
        else this.readCopy(symbol - 257, distances)
      }
      ;({ at, bits, held, written, out } = this)
    }
  }

  /** What the slower ways go on from. */
  private resume(at: number, bits: number, held: number, written: number): void {
    this.at = at
    this.bits = bits
    this.held = held
    this.written = written
  }

  private literal(symbol: number): void {
    this.room(1)
    this.out[this.written] = symbol
    this.written += 1
  }

  private readCopy(symbol: number, distances: Code): void {
    if (symbol >= LENGTH_BASE.length) throw this.broken('a length that does not exist')
    const length = (LENGTH_BASE[symbol] as number) + this.take(LENGTH_EXTRA[symbol] as number)
    const code = this.decode(distances)
    if (code >= DISTANCE_BASE.length) throw this.broken('a distance that does not exist')
    this.copy(length, (DISTANCE_BASE[code] as number) + this.take(DISTANCE_EXTRA[code] as number))
  }

  private copy(length: number, distance: number): void {
    const { written } = this
    if (distance > written) throw this.broken('it copies from before its beginning')
    this.room(length)
    const { out } = this
    const end = written + length
    if (length >= LONG_COPY && distance >= length) out.copyWithin(written, written - distance, end - distance)
    else if (length >= LONG_COPY && distance === 1) out.fill(out[written - 1] as number, written, end)
    else for (let i = written; i < end; i += 1) out[i] = out[i - distance] as number
    this.written = end
  }
}

function huffman(sizes: Uint8Array): Code {
  const counts = new Uint16Array(MAX_BITS + 1)
  for (const size of sizes) counts[size] = (counts[size] as number) + 1
  counts[0] = 0
  const next = new Uint16Array(MAX_BITS + 2)
  const first = new Uint32Array(MAX_BITS + 2)
  for (let length = 1; length <= MAX_BITS; length += 1) {
    next[length + 1] = (next[length] as number) + (counts[length] as number)
    first[length + 1] = ((first[length] as number) + (counts[length] as number)) << 1
  }
  const symbols = new Uint16Array(sizes.length)
  const short = new Uint16Array(1 << SHORT_BITS)
  sizes.forEach((size, symbol) => {
    if (size === 0) return
    symbols[next[size] as number] = symbol
    next[size] = (next[size] as number) + 1
    const code = first[size] as number
    first[size] = code + 1
    if (size <= SHORT_BITS) for (let at = reversed(code, size); at < short.length; at += 1 << size) short[at] = symbol * 16 + size
  })
  return { counts, symbols, short }
}

/** A code's bits in the order in which the stream has them. */
function reversed(code: number, length: number): number {
  let result = 0
  for (let bit = 0; bit < length; bit += 1) result |= ((code >>> bit) & 1) << (length - 1 - bit)
  return result
}

const FIXED_LENGTHS = huffman(Uint8Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8)))
const FIXED_DISTANCES = huffman(new Uint8Array(30).fill(5))
