import { HpackError } from './errors.ts'

/**
 * The length of each byte's code as a letter, `a` for 5 bits. The code of RFC 7541, appendix B is canonical: codes of one length follow
 * one another in the order of their symbols, so the lengths are all there is to know.
 */
const LENGTHS =
  'isxxxxxxxtzxxzxxxxxxxxzxxxxxxxxxbffhibdgffdgdbbbaaabbbbbbbcdkbhfibccccccccccccccccccccccdcdioijbkabababbbaccbbbabcbaabccccckgjixpprpprrrsrssssststtrstssssqrsrsstrqprrssqsrrtqrssqqrqsrssprrrsrrsvvporsruvvvwwvtuoqvwwvwtqqvvxwwwptpqrqqsrruuttvsvwvvwwwwwxwwwwwv'
const SHORTEST = 5
const LONGEST = 30
/** The end of a text, which never stands in one. */
const END = 256

interface Length {
  /** First code of this length, and how many there are. */
  first: number
  count: number
  /** Place of the first one's symbol among all, ordered by code. */
  at: number
}

const SYMBOLS: number[] = []
const BY_LENGTH: Length[] = []
{
  const lengths = [...Array.from(LENGTHS, (letter) => letter.charCodeAt(0) - 0x61 + SHORTEST), LONGEST]
  let code = 0
  for (let length = 0; length <= LONGEST; length++) {
    const symbols = lengths.flatMap((own, symbol) => (own === length ? [symbol] : []))
    BY_LENGTH.push({ first: code, count: symbols.length, at: SYMBOLS.length })
    SYMBOLS.push(...symbols)
    code = (code + symbols.length) * 2
  }
}

/** A text from its Huffman code, as Latin-1. Throws HpackError for the end symbol, and for padding that is not the start of it. */
export function huffmanText(bytes: Buffer): string {
  const text: number[] = []
  let code = 0
  let length = 0
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1)
      length++
      const { first, count, at } = BY_LENGTH[length]!
      if (code - first >= count) continue
      const symbol = SYMBOLS[at + code - first]!
      if (symbol === END) throw new HpackError('a text has its end symbol inside')
      text.push(symbol)
      code = 0
      length = 0
    }
  }
  if (length > 7 || code !== 2 ** length - 1) throw new HpackError('a text has wrong padding')
  return String.fromCharCode(...text)
}
