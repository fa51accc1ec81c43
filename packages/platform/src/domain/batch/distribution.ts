import type { ColumnSummary } from '@fairlead/contract/control'
import { type AnswerColumn, halfToNumber } from '../inference/index.ts'

/** Texts that are counted one by one. */
const MOST_TEXTS = 200
const SHOWN_TEXTS = 20

/** What the values of a column were, as JSON has it. */
export interface Counted {
  name: string
  type: string
  rows: number
  nulls: number
  /** Of numbers: how many there are, their sum and squares around the mean, and the range. */
  numbers?: { count: number; mean: number; squares: number; min: number; max: number }
  texts?: Record<string, number>
  others?: number
}

/** Counts predictions, batch after batch. Lists are left out. */
export class Distribution {
  #columns = new Map<string, Counted>()

  /** Everything counted so far. */
  get counted(): Counted[] {
    return [...this.#columns.values()]
  }

  take(columns: readonly AnswerColumn[], rows: number): void {
    for (const column of columns) {
      if (column.width !== undefined) continue
      this.add(column.type === 'string' || column.type === 'bool' ? countTexts(column, rows) : countNumbers(column, rows))
    }
  }

  /** Adds what was counted elsewhere. */
  add(other: Counted): void {
    const known = this.#columns.get(other.name)
    this.#columns.set(other.name, known ? merged(known, other) : other)
  }

  summary(): ColumnSummary[] {
    return this.counted.map((column) => (column.texts ? textSummary(column) : numberSummary(column)))
  }
}

function countNumbers({ name, type, data, nulls }: AnswerColumn, rows: number): Counted {
  let [count, sum, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  const half = type === 'float16'
  const numberAt = (row: number) => (half ? halfToNumber(data[row] as number) : Number(data[row]))
  for (let row = 0; row < rows; row++) {
    if (nulls?.[row] === 1) continue
    const x = numberAt(row)
    if (Number.isNaN(x)) continue
    count++
    sum += x
    if (x < min) min = x
    if (x > max) max = x
  }
  const mean = count === 0 ? 0 : sum / count
  let squares = 0
  for (let row = 0; row < rows; row++) {
    const x = numberAt(row)
    if (nulls?.[row] !== 1 && !Number.isNaN(x)) squares += (x - mean) * (x - mean)
  }
  return { name, type, rows, nulls: rows - count, numbers: { count, mean, squares, min, max } }
}

function countTexts({ name, type, data, nulls }: AnswerColumn, rows: number): Counted {
  const texts = new Map<string, number>()
  let missing = 0
  let others = 0
  for (let row = 0; row < rows; row++) {
    if (nulls?.[row] === 1) {
      missing++
      continue
    }
    const text = type === 'bool' ? (data[row] === 1 ? 'true' : 'false') : (data[row] as string)
    const known = texts.get(text)
    if (known !== undefined || texts.size < MOST_TEXTS) texts.set(text, (known ?? 0) + 1)
    else others++
  }
  return { name, type, rows, nulls: missing, texts: Object.fromEntries(texts), others }
}

function merged(a: Counted, b: Counted): Counted {
  const both = { ...a, rows: a.rows + b.rows, nulls: a.nulls + b.nulls }
  if (a.texts && b.texts) {
    const texts = new Map(Object.entries(a.texts))
    let others = (a.others ?? 0) + (b.others ?? 0)
    for (const [text, rows] of Object.entries(b.texts)) {
      const known = texts.get(text)
      if (known !== undefined || texts.size < MOST_TEXTS) texts.set(text, (known ?? 0) + rows)
      else others += rows
    }
    return { ...both, texts: Object.fromEntries(texts), others }
  }
  if (!a.numbers || !b.numbers) return both
  const [x, y] = [a.numbers, b.numbers]
  const count = x.count + y.count
  if (count === 0) return both
  // Chan, Golub and LeVeque's way to join variances
  const step = y.mean - x.mean
  const numbers = {
    count,
    mean: x.mean + (step * y.count) / count,
    squares: x.squares + y.squares + (step * step * x.count * y.count) / count,
    min: Math.min(x.min, y.min),
    max: Math.max(x.max, y.max),
  }
  return { ...both, numbers }
}

function textSummary({ name, type, nulls, texts = {}, others = 0 }: Counted): ColumnSummary {
  const sorted = Object.entries(texts).sort(([, a], [, b]) => b - a)
  const shown = sorted.slice(0, SHOWN_TEXTS).map(([value, rows]) => ({ value, rows }))
  const rest = sorted.slice(SHOWN_TEXTS).reduce((sum, [, rows]) => sum + rows, 0)
  return { name, type, nulls, values: shown, others: others + rest }
}

function numberSummary({ name, type, nulls, numbers }: Counted): ColumnSummary {
  if (!numbers || numbers.count === 0) return { name, type, nulls, min: null, max: null, mean: null, deviation: null }
  const { count, mean, squares, min, max } = numbers
  const finite = (x: number) => (Number.isFinite(x) ? x : null)
  return { name, type, nulls, min: finite(min), max: finite(max), mean: finite(mean), deviation: finite(Math.sqrt(squares / count)) }
}
