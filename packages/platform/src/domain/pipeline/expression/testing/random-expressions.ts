import type { RowValue, Types } from './frames.ts'

/** Numbers in [0, 1) of a seed. */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Two columns of every type. */
export const COLUMNS: Types = {
  x: 'number',
  y: 'number',
  i: 'integer',
  j: 'integer',
  s: 'text',
  t: 'text',
  p: 'boolean',
  q: 'boolean',
  d: 'time',
  e: 'time',
}

type Kind = 'number' | 'integer' | 'text' | 'boolean' | 'time'

const NUMBERS = [0, -0, 1, -1, 2.5, -2.5, 0.1, 1e300, -1e300, 1e-300, 3, 7, 100, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
const INTEGERS = [0n, 1n, -1n, 2n, 7n, -7n, 1000n, 9007199254740993n, -9007199254740993n, 2n ** 63n - 1n, -(2n ** 63n), 4294967296n, -4294967297n]
const TEXTS = [
  '',
  'a',
  'b',
  'A',
  'abc',
  'ab',
  'ba',
  ' a ',
  'ß',
  'É',
  '1',
  '-2.5',
  '1e3',
  '2026-01-31',
  '2024-02-29T12:34:56.789Z',
  '👍',
  'a👍b',
  '\ufffd',
  'x,y,z',
  ',',
]
const TIMES = [
  '1970-01-01',
  '1969-12-31T23:59:59.999Z',
  '2026-01-31T12:00:00Z',
  '2024-02-29',
  '2000-12-31T23:00:00Z',
  '1900-03-01',
  '2027-01-01',
  '2023-01-01T05:06:07.008Z',
]

/** Draws rows and expressions that are well typed, over `COLUMNS`. */
export class Draw {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = random(seed)
  }

  #pick<V>(from: readonly V[]): V {
    return from[Math.floor(this.#next() * from.length)]!
  }

  /** Values of a column, one in six null unless `whole`. */
  values(type: Kind, rows: number, whole: boolean): RowValue[] {
    return Array.from({ length: rows }, () => {
      if (!whole && this.#next() < 1 / 6) return null
      if (type === 'number') return this.#next() < 0.5 ? this.#pick(NUMBERS) : Math.round(this.#next() * 2000 - 1000) / 4
      if (type === 'integer') return this.#next() < 0.5 ? this.#pick(INTEGERS) : BigInt(Math.floor(this.#next() * 200 - 100))
      if (type === 'text') return this.#pick(TEXTS)
      if (type === 'boolean') return this.#next() < 0.5
      return new Date(this.#next() < 0.5 ? this.#pick(TIMES) : Math.floor(this.#next() * 4e12 - 1e12))
    })
  }

  /** An expression of a type. */
  expression(kind: Kind, depth: number): string {
    if (depth === 0 || this.#next() < 0.1) return this.#leaf(kind)
    if (this.#next() < 0.15) return this.#conditional(kind, depth - 1)
    return this[kind](depth - 1)
  }

  #leaf(kind: Kind): string {
    const columns = { number: ['x', 'y'], integer: ['i', 'j'], text: ['s', 't'], boolean: ['p', 'q'], time: ['d', 'e'] }
    if (this.#next() < 0.7) return this.#pick(columns[kind])
    if (kind === 'number') return this.#pick(['0', '1', '2.5', '1e3', '3', '0.1'])
    if (kind === 'integer') return this.#pick(['integer(5)', 'integer(-3)', 'integer(0)'])
    if (kind === 'text') return `'${this.#pick(TEXTS)}'`
    return kind === 'boolean' ? this.#pick(['true', 'false', 'null']) : `to_time('${this.#pick(TIMES)}')`
  }

  #conditional(kind: Kind, depth: number): string {
    const value = () => this.expression(kind, depth)
    const condition = () => this.expression('boolean', depth)
    switch (this.#pick(['if', 'case', 'of', 'coalesce', 'nullif', 'least', 'greatest'])) {
      case 'if':
        return `if(${condition()}, ${value()}, ${value()})`
      case 'case':
        return `case when ${condition()} then ${value()} when ${condition()} then ${value()} ${this.#next() < 0.5 ? `else ${value()} ` : ''}end`
      case 'of': {
        const of = this.#pick(['number', 'integer', 'text', 'time'] as const)
        const key = () => this.expression(of, depth)
        return `case (${key()}) when ${key()} then ${value()} when ${key()} then ${value()} else ${value()} end`
      }
      case 'coalesce':
        return `coalesce(${value()}, ${value()}, ${value()})`
      case 'nullif':
        return `nullif(${value()}, ${value()})`
      default:
        return `${this.#pick(['least', 'greatest'])}(${value()}, ${value()}, ${value()})`
    }
  }

  number(depth: number): string {
    const n = () => this.expression(this.#next() < 0.8 ? 'number' : 'integer', depth)
    const choice = this.#next()
    if (choice < 0.5) return `(${this.expression('number', depth)} ${this.#pick(['+', '-', '*', '/', '%'])} ${n()})`
    if (choice < 0.6) return `(-${this.expression('number', depth)})`
    if (choice < 0.8)
      return `${this.#pick(['abs', 'ceil', 'floor', 'trunc', 'round', 'sqrt', 'ln', 'exp', 'sign', 'sin', 'atan', 'log10'])}(${this.expression('number', depth)})`
    if (choice < 0.85) return `round(${this.expression('number', depth)}, ${this.#pick(['2', '-1'])})`
    if (choice < 0.9) return `${this.#pick(['length', 'number'])}(${this.expression('text', depth)})`
    const part = this.#pick([
      'year',
      'quarter',
      'month',
      'day',
      'hour',
      'minute',
      'second',
      'millisecond',
      'day_of_week',
      'day_of_year',
      'week',
      'week_year',
      'epoch',
    ])
    return this.#next() < 0.8
      ? `${part}(${this.expression('time', depth)})`
      : `days_between(${this.expression('time', depth)}, ${this.expression('time', depth)})`
  }

  integer(depth: number): string {
    const n = () => this.expression('integer', depth)
    const choice = this.#next()
    if (choice < 0.7) return `(${n()} ${this.#pick(['+', '-', '*', '%'])} ${this.#next() < 0.3 ? this.#pick(['1', '7', '(2 * 3)', '-5']) : n()})`
    if (choice < 0.8) return `(-${n()})`
    if (choice < 0.9) return `${this.#pick(['abs', 'round', 'floor'])}(${n()})`
    return `integer(${this.expression(this.#next() < 0.5 ? 'number' : 'text', depth)})`
  }

  text(depth: number): string {
    const s = () => this.expression('text', depth)
    const choice = this.#next()
    if (choice < 0.25) return `(${s()} || ${s()})`
    if (choice < 0.45) return `${this.#pick(['lower', 'upper', 'trim'])}(${s()})`
    if (choice < 0.6) return `${this.#pick(['left', 'right'])}(${s()}, ${this.#pick(['0', '1', '2', 'y'])})`
    if (choice < 0.75) return `replace(${s()}, ${s()}, ${s()})`
    if (choice < 0.85) return `split_part(${s()}, ${this.#pick(["','", 's'])}, ${this.#pick(['1', '2', '-1'])})`
    return `text(${this.expression(this.#pick(['number', 'integer', 'boolean', 'time'] as const), depth)})`
  }

  boolean(depth: number): string {
    const b = () => this.expression('boolean', depth)
    const choice = this.#next()
    if (choice < 0.3) return `(${b()} ${this.#pick(['and', 'or'])} ${b()})`
    if (choice < 0.4) return `(not ${b()})`
    if (choice < 0.45) return `${this.#pick(['contains', 'starts_with', 'ends_with'])}(${this.expression('text', depth)}, ${this.expression('text', depth)})`
    const kind = this.#pick(['number', 'integer', 'text', 'boolean', 'time'] as const)
    const v = () => this.expression(kind === 'number' && this.#next() < 0.3 ? 'integer' : kind, depth)
    const not = this.#pick(['', 'not '])
    if (choice < 0.7) return `((${v()}) ${this.#pick(['=', '!=', '<', '<=', '>', '>='])} (${v()}))`
    if (choice < 0.8) return `(${v()} ${not}between ${v()} and ${v()})`
    if (choice < 0.9)
      return `(${v()} ${not}in (${v()}, ${v()}${this.#next() < 0.3 ? ', null' : ''}${this.#next() < 0.5 ? `, ${this.#leaf(kind)}, ${this.#leaf(kind)}` : ''}))`
    return `(${v()} is ${not}null)`
  }

  time(depth: number): string {
    const d = () => this.expression('time', depth)
    const choice = this.#next()
    if (choice < 0.4) return `truncate('${this.#pick(['second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year'])}', ${d()})`
    if (choice < 0.8) return `time_add('${this.#pick(['second', 'hour', 'day', 'month', 'year'])}', ${this.#pick(['1', '-1.5', '13', '-25', 'y'])}, ${d()})`
    return `to_time(${this.expression('text', depth)})`
  }
}
