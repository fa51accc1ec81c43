import { type Cell, FormBuilder, MOST_COLUMNS } from '../form/builder.ts'
import { type Input, NO_TEXT } from '../form/form.ts'
import type { Step } from '../form/steps.ts'
import { UnreadableModel } from '../unreadable.ts'
import type { Item, Primitive } from './item.ts'

/**
 * A column on its way through a pipeline. What a column of the input holds is `open` until the first object that works
 * on it tells: files of scikit-learn do not say it.
 */
export interface Col extends Cell {
  readonly kind: 'number' | 'text' | 'open'
  /** Number of the input's column that this is, untouched. */
  readonly raw?: number
  /** Columns of the input whose missing values reach this one. */
  readonly from: readonly number[]
}

/** Columns that come out of a transformer for those that go in. */
export type Transform = (item: Item, cols: readonly Col[], context: Context) => Col[]

/** Columns that may be gone through in all, and so many more for each byte of the file: arrays that many objects share cost a file nothing. */
const COLUMNS_FREE = 400_000
const COLUMNS_PER_BYTE = 2

/** What is learnt of the input's columns while the objects are gone through. */
export class Plan {
  readonly kinds: ('number' | 'text' | 'open')[]
  readonly required = new Set<number>()
  readonly names: readonly string[] | undefined
  /** Columns that may still be gone through, in both passes. */
  private left: number

  constructor(count: number, names: readonly string[] | undefined, bytes: number) {
    this.kinds = new Array<'open'>(count).fill('open')
    this.names = names
    this.left = COLUMNS_FREE + COLUMNS_PER_BYTE * bytes
  }

  /** Throws UnreadableModel where the objects together go through more columns than the file's bytes can justify. */
  goThrough(columns: number, where: string): void {
    this.left -= columns
    if (this.left < 0) throw new UnreadableModel('too-large', where, 'its objects go through too many columns for a file of this size')
  }
}

/**
 * One pass over the objects of a file. The first pass is for the plan alone, and leaves models out once they told what
 * they take; the second builds the form over inputs of the planned kinds.
 */
export class Context {
  readonly builder: FormBuilder
  readonly plan: Plan
  readonly planning: boolean

  constructor(plan: Plan, inputs: readonly Input[], planning: boolean) {
    this.plan = plan
    this.builder = new FormBuilder(inputs)
    this.planning = planning
  }

  /** The same columns as numbers. Throws UnreadableModel where one holds texts. */
  numbers(cols: readonly Col[], item: Item): Col[] {
    this.plan.goThrough(cols.length, item.path)
    return cols.map((col) => this.as('number', col, item))
  }

  texts(col: Col, item: Item): Col {
    return this.as('text', col, item)
  }

  /** Says that the object at hand refuses missing values in these columns, as its library does. */
  refuseMissing(cols: readonly Col[]): void {
    for (const col of cols) for (const raw of col.from) this.plan.required.add(raw)
  }

  /** One value with these columns of numbers. */
  matrix(cols: readonly Col[], item: Item): number {
    if (cols.length === 0) throw item.unsupported(`${item.className} is given no column`)
    return this.builder.gather(this.numbers(cols, item))
  }

  /** A step over columns of numbers that keeps them as many and where they came from. */
  map(cols: readonly Col[], step: (value: number) => Step, item: Item): Col[] {
    const value = this.builder.add(step(this.matrix(cols, item)), 'f64', cols.length)
    return this.spread(value, (i) => (cols[i] as Col).from)
  }

  /** The columns of a value of numbers. */
  spread(value: number, from: (index: number) => readonly number[] = () => []): Col[] {
    return this.builder.cells(value).map((cell) => ({ ...cell, kind: 'number', from: from(cell.index) }))
  }

  /** What each of some items gives, side by side. Throws UnreadableModel past any sensible number of columns. */
  join(items: readonly Item[], each: (item: Item) => readonly Col[]): Col[] {
    const all: Col[] = []
    let before = 0
    for (const item of items) {
      for (const col of each(item)) all.push(col)
      this.plan.goThrough(all.length - before, item.path)
      before = all.length
      if (all.length > MOST_COLUMNS) throw new UnreadableModel('too-large', item.path, `more than ${MOST_COLUMNS} columns`)
    }
    return all
  }

  /** A plain value as the form holds it in a column of this kind. */
  element(value: Primitive, kind: 'number' | 'text'): number {
    const none = value === null || (typeof value === 'number' && Number.isNaN(value))
    if (kind === 'text') return none ? NO_TEXT : this.builder.text(String(value))
    return none ? Number.NaN : Number(value)
  }

  private as(kind: 'number' | 'text', col: Col, item: Item): Col {
    if (col.kind === kind) return col
    if (col.kind !== 'open' || col.raw === undefined) throw item.unsupported(`${item.className} is given ${col.kind}s where it takes ${kind}s`)
    const known = this.plan.kinds[col.raw]
    if (known !== 'open' && known !== kind) {
      const name = this.plan.names?.[col.raw] ?? col.raw
      throw item.unsupported(`column ${name} is taken as ${kind} here and as ${known} elsewhere`)
    }
    this.plan.kinds[col.raw] = kind
    return { ...col, kind }
  }
}

/** Whether plain values are texts, with None or NaN among them, or numbers. Throws UnreadableModel for a mixture. */
export function kindOf(values: readonly Primitive[], item: Item): 'number' | 'text' {
  const texts = values.filter((value) => typeof value === 'string').length
  const nones = values.filter((value) => value === null || Number.isNaN(value)).length
  if (texts > 0 && texts + nones < values.length) throw item.unsupported('texts and numbers are mixed')
  if (nones > 1) throw item.unsupported('None and NaN are told apart')
  return texts > 0 ? 'text' : 'number'
}
