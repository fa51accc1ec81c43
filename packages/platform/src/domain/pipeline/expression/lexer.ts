import { expressionError } from './expression-error.ts'

/** Most characters of an expression. */
export const MAX_EXPRESSION_LENGTH = 10_000

/** A token and its offset in the text. `word` is a name or a keyword, `quoted` a name in backquotes or double quotes. */
export type Token =
  | { kind: 'number'; value: number; whole?: bigint | undefined; at: number }
  | { kind: 'text'; value: string; at: number }
  | { kind: 'word' | 'quoted'; value: string; at: number }
  | { kind: 'symbol'; value: string; at: number }
  | { kind: 'end'; value: ''; at: number }

const SPACE = /[ \t\r\n]+/y
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y
const WORD = /[\p{L}_][\p{L}\p{N}_]*/uy
const PART = /[\p{L}\p{N}_]+/uy
const SYMBOL = /<=|>=|<>|!=|==|\|\||[-+*/%=<>(),.]/y

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

/** Reads a piece in quotes; a doubled quote stands for one. */
function quoted(text: string, at: number): { value: string; end: number } {
  const quote = text[at]!
  let value = ''
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] !== quote) value += text[i]
    else if (text[i + 1] === quote) value += text[i++]
    else return { value, end: i + 1 }
  }
  throw expressionError(text, at, `the quote ${quote} is not closed`)
}

function next(text: string, at: number, afterDot: boolean): { token: Token; end: number } {
  const char = text[at]!
  if (char === "'") {
    const { value, end } = quoted(text, at)
    return { token: { kind: 'text', value, at }, end }
  }
  if (char === '`' || char === '"') {
    const { value, end } = quoted(text, at)
    if (value === '') throw expressionError(text, at, 'a name in quotes is empty')
    return { token: { kind: 'quoted', value, at }, end }
  }
  // after a dot a part may begin with a digit: probabilities.1 is the class labelled 1
  const word = match(afterDot ? PART : WORD, text, at)
  if (word !== undefined) return { token: { kind: 'word', value: word, at }, end: at + word.length }
  const number = match(NUMBER, text, at)
  if (number !== undefined) {
    const end = at + number.length
    if (match(WORD, text, end) !== undefined) throw expressionError(text, at, 'a name cannot begin with a digit; put it in backquotes')
    if (!Number.isFinite(Number(number))) throw expressionError(text, at, 'the number is too large')
    return { token: { kind: 'number', value: Number(number), ...(/^\d+$/.test(number) ? { whole: BigInt(number) } : {}), at }, end }
  }
  const symbol = match(SYMBOL, text, at)
  if (symbol === undefined) throw expressionError(text, at, `the character ${JSON.stringify(String.fromCodePoint(text.codePointAt(at)!))} has no meaning here`)
  return { token: { kind: 'symbol', value: symbol, at }, end: at + symbol.length }
}

/** Cuts an expression into tokens; the last is `end`. Throws `expression-invalid`. */
export function tokenize(text: string): Token[] {
  if (text.length > MAX_EXPRESSION_LENGTH) {
    throw expressionError(text, MAX_EXPRESSION_LENGTH, `the expression has ${text.length} characters; at most ${MAX_EXPRESSION_LENGTH} are read`)
  }
  const tokens: Token[] = []
  let at = 0
  let lastEnd = -1
  while (at < text.length) {
    const space = match(SPACE, text, at)
    if (space !== undefined) {
      at += space.length
      continue
    }
    const last = tokens.at(-1)
    // a dot right behind a name goes on with the name: `p.1` is not `p` and `.1`
    if (text[at] === '.' && at === lastEnd && (last?.kind === 'word' || last?.kind === 'quoted')) {
      tokens.push({ kind: 'symbol', value: '.', at })
      lastEnd = ++at
      continue
    }
    const { token, end } = next(text, at, last?.kind === 'symbol' && last.value === '.')
    tokens.push(token)
    at = end
    lastEnd = end
  }
  tokens.push({ kind: 'end', value: '', at: text.length })
  return tokens
}
