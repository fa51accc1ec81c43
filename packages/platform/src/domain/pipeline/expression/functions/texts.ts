import { node, unary } from '../node.ts'
import { constant, type Operand, type ValueType } from '../operand.ts'
import { bounded, MAX_TEXT_LENGTH } from '../text-limits.ts'
import { define, type FunctionDefinition } from './definition.ts'
import { strict } from './strict.ts'

type Text = Operand<'text'>
type Num = Operand<'number'>

/** Units that the first `count` code points of a text take, counted from unit `from` on; at most to its end. */
function unitsOf(text: string, count: number, from = 0): number {
  let at = from
  for (let i = 0; i < count && at < text.length; i++) at += pairAt(text, at) ? 2 : 1
  return at
}

function pairAt(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  if (unit < 0xd800 || unit > 0xdbff) return false
  const next = text.charCodeAt(at + 1)
  return next >= 0xdc00 && next <= 0xdfff
}

const SURROGATE = /[\ud800-\udbff]/

/** Code points of a text. */
function lengthOf(text: string): number {
  // nearly no text has any, and the search is over before a loop has begun
  if (!SURROGATE.test(text)) return text.length
  let pairs = 0
  for (let i = 0; i < text.length; i++) {
    if (pairAt(text, i)) {
      pairs++
      i++
    }
  }
  return text.length - pairs
}

/** `length` code points from `start`, counted from 1, from the end where it is negative. */
function substring(text: string, start: number, length: number): string {
  const from = start > 0 ? start - 1 : start === 0 ? -1 : lengthOf(text) + start
  const count = from < 0 ? length + from : length
  if (count <= 0) return ''
  const first = unitsOf(text, Math.max(from, 0))
  return text.slice(first, count === Number.POSITIVE_INFINITY ? text.length : unitsOf(text, count, first))
}

function rightOf(text: string, count: number): string {
  if (count <= 0) return ''
  let at = text.length
  for (let i = 0; i < count && at > 0; i++) at -= at > 1 && pairAt(text, at - 2) ? 2 : 1
  return text.slice(at)
}

/** The `index`th piece between separators, counted from 1, from the end where it is negative; an empty text where there is none. */
function piece(text: string, separator: string, index: number): string {
  if (separator === '') return index === 1 || index === -1 ? text : ''
  if (index < 0) return text.split(separator).at(index) ?? ''
  let from = 0
  for (let i = 1; i < index; i++) {
    const found = text.indexOf(separator, from)
    if (found < 0) return ''
    from = found + separator.length
  }
  const end = text.indexOf(separator, from)
  return end < 0 ? text.slice(from) : text.slice(from, end)
}

/** A text made of another and a number, by which NaN means nothing. */
function withNumber(text: Text, number: Num, slot: number, make: (text: string, number: number) => string): Text {
  return strict({ type: 'text', slot, operands: [text, number], nullable: true }, ({ out, count, bad }) => {
    for (let i = 0; i < count; i++) {
      const n = number.data[i]!
      if (Number.isNaN(n)) bad(i)
      out[i] = make(text.data[i]!, Math.trunc(n))
    }
  })
}

/** How often a text contains another, which is not empty. */
function occurrences(text: string, what: string): number {
  let found = 0
  for (let at = text.indexOf(what); at >= 0; at = text.indexOf(what, at + what.length)) found++
  return found
}

function replace([text, what, by]: readonly [Text, Text, Text], slot: number): Text {
  return strict({ type: 'text', slot, operands: [text, what, by], fails: true }, ({ out, nulls, tile, count }) => {
    for (let index = 0; index < count; index++) {
      const from = text.data[index]!
      const search = what.data[index]!
      const put = by.data[index]!
      // nothing is found between the characters, as in databases
      const found = search === '' ? 0 : occurrences(from, search)
      if (found === 0) out[index] = from
      else if (put.length <= search.length) out[index] = from.replaceAll(search, () => put)
      else out[index] = bounded({ tile, nulls }, index, from.length + found * (put.length - search.length)) ? from.replaceAll(search, () => put) : ''
    }
  })
}

function joined(operands: readonly Text[], slot: number): Operand {
  if (operands.length === 1) return operands[0]!
  return strict({ type: 'text', slot, operands, fails: true }, ({ out, nulls, tile, count }) => {
    const [first, second, ...others] = operands.map((operand) => operand.data)
    for (let index = 0; index < count; index++) {
      let text = first![index]! + second![index]!
      // nothing is copied so far, since V8 notes what a text is made of; but what is too long for it throws
      for (const data of others) if (text.length <= MAX_TEXT_LENGTH) text += data[index]!
      out[index] = bounded({ tile, nulls }, index, text.length) ? text : ''
    }
  })
}

type Test = 'includes' | 'startsWith' | 'endsWith'

/** Loops of their own for a text that is the same in every row, which is nearly always so. */
const TESTS: Record<Test, (out: Uint8Array, a: readonly string[], b: string, count: number) => void> = {
  includes(out, a, b, count) {
    for (let i = 0; i < count; i++) out[i] = +a[i]!.includes(b)
  },
  startsWith(out, a, b, count) {
    for (let i = 0; i < count; i++) out[i] = +a[i]!.startsWith(b)
  },
  endsWith(out, a, b, count) {
    for (let i = 0; i < count; i++) out[i] = +a[i]!.endsWith(b)
  },
}

function test(how: Test): FunctionDefinition {
  const loop = TESTS[how]
  return define<[Text, Text]>(['text', 'text'], ([text, what], slot) => {
    const known = what.constant
    if (known !== undefined && known !== null) {
      return unary('boolean', slot, text, (out, a, count) => loop(out, a, known, count))
    }
    return strict({ type: 'boolean', slot, operands: [text, what] }, ({ out, count }) => {
      for (let i = 0; i < count; i++) out[i] = +text.data[i]![how](what.data[i]!)
    })
  })
}

/** A text whose length may grow, as of `ß` in capitals. */
function cased(make: (text: string) => string): FunctionDefinition {
  return define<[Text]>(['text'], ([text], slot) =>
    node({ type: 'text', slot, operands: [text] }, ({ out }, tile) => {
      text.run(tile)
      for (let i = 0; i < tile.count; i++) out[i] = make(text.data[i]!)
      return text.nulls
    }),
  )
}

const REST: Num = constant<ValueType>('number', Number.POSITIVE_INFINITY) as Num

export const TEXT_FUNCTIONS: Record<string, FunctionDefinition> = {
  concat: define<Text[]>(['text', { type: 'text', rest: true }], joined),
  contains: test('includes'),
  ends_with: test('endsWith'),
  left: define<[Text, Num]>(['text', 'number'], ([text, n], slot) => withNumber(text, n, slot, (from, count) => from.slice(0, unitsOf(from, count)))),
  length: define<[Text]>(['text'], ([text], slot) =>
    unary('number', slot, text, (out, a, count) => {
      for (let i = 0; i < count; i++) out[i] = lengthOf(a[i]!)
    }),
  ),
  lower: cased((text) => text.toLowerCase()),
  replace: define<[Text, Text, Text]>(['text', 'text', 'text'], replace),
  right: define<[Text, Num]>(['text', 'number'], ([text, n], slot) => withNumber(text, n, slot, rightOf)),
  split_part: define<[Text, Text, Num]>(['text', 'text', 'number'], ([text, separator, n], slot) =>
    strict({ type: 'text', slot, operands: [text, separator, n], nullable: true }, ({ out, count, bad }) => {
      for (let i = 0; i < count; i++) {
        const index = Math.trunc(n.data[i]!)
        if (index === 0 || Number.isNaN(index)) bad(i)
        out[i] = piece(text.data[i]!, separator.data[i]!, index)
      }
    }),
  ),
  starts_with: test('startsWith'),
  substr: define<[Text, Num, Num?]>(['text', 'number', { type: 'number', optional: true }], ([text, start, length = REST], slot) =>
    strict({ type: 'text', slot, operands: [text, start, length], nullable: true }, ({ out, count, bad }) => {
      for (let i = 0; i < count; i++) {
        const [from, many] = [Math.trunc(start.data[i]!), Math.trunc(length.data[i]!)]
        if (Number.isNaN(from) || Number.isNaN(many)) bad(i)
        out[i] = substring(text.data[i]!, from, many)
      }
    }),
  ),
  trim: cased((text) => text.trim()),
  upper: cased((text) => text.toUpperCase()),
}
