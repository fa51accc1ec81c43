import type { ArithmeticOperator, CaseBranch, ComparisonOperator, Expression } from './ast.ts'
import { expressionError } from './expression-error.ts'
import { type Token, tokenize } from './lexer.ts'

/** Deepest nesting of an expression. */
export const MAX_EXPRESSION_DEPTH = 100
const MAX_ITEMS = 1000
/** Chains like `a + b + c …` become as deep a tree as they have operators. */
const MAX_OPERATORS = 1000
/** Branches of a case are nested in one another, too. */
const MAX_BRANCHES = 100

const KEYWORDS = new Set(['and', 'or', 'not', 'in', 'is', 'null', 'between', 'true', 'false'])
/** Words that stand behind a value. */
const OPERATOR_WORDS = new Set(['and', 'or', 'not', 'in', 'is', 'between'])
const CASE_WORDS = new Set(['when', 'then', 'else', 'end'])
const COMPARISONS: Record<string, ComparisonOperator> = { '=': '=', '==': '=', '!=': '!=', '<>': '!=', '<': '<', '<=': '<=', '>': '>', '>=': '>=' }

/**
 * Recursive descent, loosest first: or, and, not, comparison (with in, between, is null), joined, sum, product, sign, primary.
 * Keywords are read in any case. The words of `case` are keywords only where one can stand, so that columns may have these names.
 */
class Parser {
  readonly #text: string
  readonly #tokens: Token[]
  #position = 0
  #depth = 0
  #operators = 0
  /** How many cases are open. */
  #cases = 0

  constructor(text: string) {
    this.#text = text
    this.#tokens = tokenize(text)
  }

  whole(): Expression {
    if (this.#peek().kind === 'end') throw expressionError(this.#text, 0, 'the expression is empty')
    const expression = this.#or()
    const rest = this.#peek()
    if (rest.kind !== 'end') throw this.#fail(rest, `${describe(rest)} was not expected here`)
    return expression
  }

  #peek(): Token {
    return this.#tokens[this.#position]!
  }

  #take(): Token {
    return this.#tokens[this.#position++]!
  }

  #fail(token: Token, reason: string) {
    return expressionError(this.#text, token.at, reason)
  }

  #isWord(word: string): boolean {
    const token = this.#peek()
    return token.kind === 'word' && token.value.toLowerCase() === word
  }

  #keyword(word: string): Token | undefined {
    return this.#isWord(word) ? this.#take() : undefined
  }

  #symbol(...symbols: string[]): Token | undefined {
    const token = this.#peek()
    if (token.kind !== 'symbol' || !symbols.includes(token.value)) return undefined
    return this.#take()
  }

  #expect(symbol: string): void {
    if (!this.#symbol(symbol)) throw this.#fail(this.#peek(), `expected "${symbol}", got ${describe(this.#peek())}`)
  }

  #count(token: Token): void {
    if (++this.#operators > MAX_OPERATORS) throw this.#fail(token, `an expression has at most ${MAX_OPERATORS} operators`)
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > MAX_EXPRESSION_DEPTH) throw this.#fail(this.#peek(), `the expression is nested deeper than ${MAX_EXPRESSION_DEPTH} levels`)
    const result = read()
    this.#depth--
    return result
  }

  #or(): Expression {
    return this.#nested(() => {
      let left = this.#and()
      for (let token = this.#keyword('or'); token; token = this.#keyword('or')) {
        this.#count(token)
        left = { kind: 'logical', operator: 'or', left, right: this.#and(), at: token.at }
      }
      return left
    })
  }

  #and(): Expression {
    let left = this.#not()
    for (let token = this.#keyword('and'); token; token = this.#keyword('and')) {
      this.#count(token)
      left = { kind: 'logical', operator: 'and', left, right: this.#not(), at: token.at }
    }
    return left
  }

  #not(): Expression {
    const token = this.#keyword('not')
    if (!token) return this.#comparison()
    return this.#nested(() => ({ kind: 'not', operand: this.#not(), at: token.at }))
  }

  #comparison(): Expression {
    const left = this.#joined()
    const symbol = this.#symbol(...Object.keys(COMPARISONS))
    if (symbol) return { kind: 'comparison', operator: COMPARISONS[symbol.value as string]!, left, right: this.#joined(), at: symbol.at }
    const is = this.#keyword('is')
    if (is) {
      const negated = this.#keyword('not') !== undefined
      if (!this.#keyword('null')) throw this.#fail(this.#peek(), `expected "null" after "is", got ${describe(this.#peek())}`)
      return { kind: 'is-null', operand: left, negated, at: is.at }
    }
    const not = this.#keyword('not')
    const range = this.#keyword('between')
    if (range) return this.#between(left, not !== undefined, range.at)
    const list = this.#keyword('in')
    if (list) return this.#in(left, not !== undefined, list.at)
    if (not) throw this.#fail(this.#peek(), `expected "in" or "between" after "not", got ${describe(this.#peek())}`)
    return left
  }

  #between(operand: Expression, negated: boolean, at: number): Expression {
    const low = this.#joined()
    if (!this.#keyword('and')) throw this.#fail(this.#peek(), `expected "and" between the bounds, got ${describe(this.#peek())}`)
    return { kind: 'between', operand, low, high: this.#joined(), negated, at }
  }

  #in(operand: Expression, negated: boolean, at: number): Expression {
    this.#expect('(')
    const items = [this.#joined()]
    while (this.#symbol(',')) {
      if (items.length === MAX_ITEMS) throw this.#fail(this.#peek(), `a list has at most ${MAX_ITEMS} values`)
      items.push(this.#joined())
    }
    this.#expect(')')
    return { kind: 'in', operand, items, negated, at }
  }

  #joined(): Expression {
    let left = this.#sum()
    for (let token = this.#symbol('||'); token; token = this.#symbol('||')) {
      this.#count(token)
      left = { kind: 'joined', left, right: this.#sum(), at: token.at }
    }
    return left
  }

  #sum(): Expression {
    let left = this.#product()
    for (let token = this.#symbol('+', '-'); token; token = this.#symbol('+', '-')) {
      this.#count(token)
      left = { kind: 'arithmetic', operator: token.value as ArithmeticOperator, left, right: this.#product(), at: token.at }
    }
    return left
  }

  #product(): Expression {
    let left = this.#sign()
    for (let token = this.#symbol('*', '/', '%'); token; token = this.#symbol('*', '/', '%')) {
      this.#count(token)
      left = { kind: 'arithmetic', operator: token.value as ArithmeticOperator, left, right: this.#sign(), at: token.at }
    }
    return left
  }

  #sign(): Expression {
    const token = this.#symbol('-', '+')
    if (!token) return this.#primary()
    const operand = this.#nested(() => this.#sign())
    return token.value === '+' ? operand : { kind: 'negative', operand, at: token.at }
  }

  #primary(): Expression {
    const token = this.#take()
    if (token.kind === 'number' || token.kind === 'text') return { ...token }
    if (token.kind === 'quoted') return this.#name(token.value, token.at)
    if (token.kind === 'symbol' && token.value === '(') {
      const inner = this.#or()
      this.#expect(')')
      return inner
    }
    if (token.kind !== 'word') throw this.#fail(token, `expected a value, got ${describe(token)}`)
    const word = token.value.toLowerCase()
    if (word === 'case' && this.#beginsCase()) return this.#case(token)
    if (this.#cases > 0 && CASE_WORDS.has(word))
      throw this.#fail(token, `expected a value, got the word "${token.value}"; a column of that name goes in backquotes`)
    if (word === 'true' || word === 'false') return { kind: 'boolean', value: word === 'true', at: token.at }
    if (word === 'null') return { kind: 'null', at: token.at }
    if (KEYWORDS.has(word)) throw this.#fail(token, `expected a value, got the word "${token.value}"; a column of that name goes in backquotes`)
    if (this.#peek().kind === 'symbol' && this.#peek().value === '(') return this.#call(token.value, token.at)
    return this.#name(token.value, token.at)
  }

  /** Behind a column called `case` comes an operator, a comma or the end; behind the keyword, a value or `when`. */
  #beginsCase(): boolean {
    const token = this.#peek()
    if (token.kind === 'word') return !OPERATOR_WORDS.has(token.value.toLowerCase())
    return token.kind === 'quoted' || token.kind === 'number' || token.kind === 'text' || token.value === '('
  }

  #case(start: Token): Expression {
    return this.#nested(() => {
      this.#cases++
      const operand = this.#isWord('when') ? undefined : this.#or()
      const branches: CaseBranch[] = []
      for (let when = this.#keyword('when'); when; when = this.#keyword('when')) {
        if (branches.length === MAX_BRANCHES) throw this.#fail(when, `a case has at most ${MAX_BRANCHES} branches`)
        const condition = this.#or()
        if (!this.#keyword('then')) throw this.#fail(this.#peek(), `expected "then", got ${describe(this.#peek())}`)
        branches.push({ when: condition, value: this.#or() })
      }
      if (branches.length === 0) throw this.#fail(this.#peek(), `expected "when", got ${describe(this.#peek())}`)
      const otherwise = this.#keyword('else') ? this.#or() : undefined
      if (!this.#keyword('end')) throw this.#fail(this.#peek(), `expected ${otherwise ? '' : '"when", "else" or '}"end", got ${describe(this.#peek())}`)
      this.#cases--
      return { kind: 'case', operand, branches, otherwise, at: start.at }
    })
  }

  #call(name: string, at: number): Expression {
    this.#expect('(')
    const values: Expression[] = []
    if (!this.#symbol(')')) {
      do {
        if (values.length === MAX_ITEMS) throw this.#fail(this.#peek(), `a function takes at most ${MAX_ITEMS} values`)
        values.push(this.#or())
      } while (this.#symbol(','))
      this.#expect(')')
    }
    if (name.toLowerCase() !== 'if') return { kind: 'call', name: name.toLowerCase(), arguments: values, at }
    const [when, value, otherwise] = values
    if (!when || !value || values.length > 3)
      throw expressionError(this.#text, at, `if takes a condition, a value and perhaps another, not ${values.length} values`)
    return { kind: 'case', operand: undefined, branches: [{ when, value }], otherwise, at }
  }

  #name(first: string, at: number): Expression {
    const parts = [first]
    while (this.#symbol('.')) {
      const part = this.#take()
      if (part.kind !== 'word' && part.kind !== 'quoted') throw this.#fail(part, `expected a name after the dot, got ${describe(part)}`)
      parts.push(part.value)
    }
    if (this.#peek().kind === 'symbol' && this.#peek().value === '(') throw this.#fail(this.#peek(), `"${parts.join('.')}" is not a function`)
    return { kind: 'name', parts, at }
  }
}

function describe(token: Token): string {
  if (token.kind === 'end') return 'the end of the expression'
  if (token.kind === 'text') return `the text '${token.value.slice(0, 40)}'`
  return `"${String(token.value).slice(0, 40)}"`
}

/**
 * Parses an expression over named fields: numbers, text in single quotes, `true`, `false`, `null`, names (dotted, or in
 * backquotes or double quotes), `+ - * / %`, comparisons, `and`, `or`, `not`, `in (…)`, `between … and …`, `is [not] null`, `||`, `case`, calls of functions.
 * Throws `expression-invalid` with the column and a pointer into the text.
 */
export function parseExpression(text: string): Expression {
  return new Parser(text).whole()
}
