import type { ElementType } from '../form/element.ts'
import type { Form, Input, Output } from '../form/form.ts'
import type { Step } from '../form/steps.ts'
import { UnreadableModel } from '../unreadable.ts'
import type { Constant } from './tensor.ts'
import { ROWS, type Rows, widthOf } from './values.ts'

/** Most columns of all values together, and most elements of all constants that are worked out. */
const ROOM = 8_000_000
/** Most steps. */
const STEPS_LIMIT = 100_000

/** What a step gives: its type, its dimensions, and what it means. */
export type Shape = Pick<Rows, 'type' | 'dims'> & Partial<Pick<Rows, 'meaning' | 'limit'>>

/** Puts a form together, step by step. The same step of the same values is made once. */
export class Builder {
  readonly #inputs: Input[] = []
  readonly #steps: Step[] = []
  readonly #widths: number[] = []
  readonly #texts = new Map<string, number>()
  readonly #made = new Map<string, number>()
  /** Values that were i32 before they were widened. */
  readonly #narrow = new Map<number, number>()
  /** Values that may hold texts which the form does not know. */
  readonly #open = new Set<number>()
  #room = ROOM

  /** Takes room for so many columns or constants. Throws UnreadableModel 'too-large'. */
  take(elements: number): void {
    this.#room -= elements
    if (this.#room < 0) throw new UnreadableModel('too-large', '', `the values of a row have more than ${ROOM} columns together`)
  }

  input(input: Input, dims: readonly number[]): Rows {
    this.take(input.width)
    const value = this.#inputs.push(input) - 1
    this.#widths.push(input.width)
    if (input.type === 'text') this.#open.add(value)
    return { kind: 'rows', type: input.type, value, dims }
  }

  /** Position of a text in the form's texts. */
  text(text: string): number {
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    this.#texts.set(text, this.#texts.size)
    return this.#texts.size - 1
  }

  /** Adds a step that gives a value of this shape. */
  emit(step: Step, shape: Shape): Rows {
    const key = keyOf(step)
    const known = key === undefined ? undefined : this.#made.get(key)
    const value = known ?? this.#push(step, shape)
    if (key !== undefined) this.#made.set(key, value)
    return { kind: 'rows', value, ...shape }
  }

  /** The step that gives a value; undefined for an input. */
  stepOf(value: number): Step | undefined {
    return this.#steps[value - this.#inputs.length]
  }

  /** Columns of a value. */
  widthOf(value: number): number {
    return this.#widths[value]!
  }

  /** Asks that an input's columns are never missing; false for any other value. */
  require({ value }: Rows): boolean {
    const input = this.#inputs[value]
    if (!input) return false
    this.#inputs[value] = { ...input, required: Array.from({ length: input.width }, (_, column) => column) }
    return true
  }

  /** Whether a value may hold texts that the form knows only as not its own. */
  holdsOthers({ value }: Rows): boolean {
    return this.#open.has(value)
  }

  #push(step: Step, { type, dims }: Shape): number {
    if (this.#steps.length === STEPS_LIMIT) throw new UnreadableModel('too-large', '', `the model has more than ${STEPS_LIMIT} steps`)
    this.take(widthOf(dims))
    this.#widths.push(widthOf(dims))
    const value = this.#inputs.length + this.#steps.push(step) - 1
    if (type === 'text' && step.op !== 'lookup' && step.of.some((one) => this.#open.has(one))) this.#open.add(value)
    return value
  }

  /** Some columns of a value, as a value of shape `dims`. */
  columns(from: Rows, indices: Int32Array, dims: readonly number[]): Rows {
    if (indices.length === widthOf(from.dims) && indices.every((index, at) => index === at)) return { ...from, dims }
    return this.emit({ op: 'columns', of: [from.value], indices: [...indices] }, { type: from.type, dims })
  }

  /** A value in another type. */
  cast(from: Rows, to: Exclude<ElementType, 'text'>): Rows {
    if (from.type === to) return from
    const { dims, meaning, limit } = from
    const shape = { type: to, dims, ...(meaning ? { meaning } : {}), ...(limit === undefined ? {} : { limit }) }
    const narrow = to === 'i32' ? this.#narrow.get(from.value) : undefined
    if (narrow !== undefined) return { kind: 'rows', value: narrow, ...shape }
    const result = this.emit({ op: 'cast', of: [from.value], to }, shape)
    if (from.type === 'i32' && to === 'i64') this.#narrow.set(result.value, from.value)
    return result
  }

  /** A constant as a value that is the same in every row; `like` is any value, its rows count. */
  spread(constant: Constant, like: Rows, dims: readonly number[]): Rows {
    const { type } = constant
    const one = this.columns(like, Int32Array.of(0), [ROWS])
    const elements = type === 'text' ? constant.texts.map((text) => this.text(text)) : [...constant.data]
    const parts = elements.map((otherwise) => this.emit({ op: 'lookup', of: [one.value], keys: [], values: [], otherwise, to: type }, { type, dims: [ROWS] }))
    if (parts.length === 1) return { ...parts[0]!, dims }
    return this.emit({ op: 'concat', of: parts.map((part) => part.value) }, { type, dims })
  }

  /** The form of these outputs, without the steps that none of them needs. */
  finish(source: Form['source'], outputs: readonly { name: string; value: Rows; rank: 1 | 2 }[]): Form {
    const needed = new Set<number>(outputs.map((output) => output.value.value))
    const first = this.#inputs.length
    for (let index = this.#steps.length - 1; index >= 0; index -= 1)
      if (needed.has(first + index)) for (const value of this.#steps[index]!.of) needed.add(value)
    const numbers = new Map<number, number>()
    const steps: Step[] = []
    for (let index = 0; index < first; index += 1) numbers.set(index, index)
    this.#steps.forEach((step, index) => {
      if (!needed.has(first + index)) return
      numbers.set(first + index, first + steps.length)
      steps.push({ ...step, of: step.of.map((value) => numbers.get(value)!) } as unknown as Step)
    })
    return {
      version: 1,
      source,
      inputs: this.#inputs,
      steps,
      outputs: outputs.map((output) => outputOf(output, numbers)),
      texts: [...this.#texts.keys()],
    }
  }
}

function outputOf({ name, value, rank }: { name: string; value: Rows; rank: 1 | 2 }, numbers: ReadonlyMap<number, number>): Output {
  const { role = 'other', classes } = value.meaning ?? {}
  const fits = classes !== undefined && classes.length === widthOf(value.dims)
  return { name, value: numbers.get(value.value)!, role, rank, ...(fits ? { classes } : {}) }
}

/** Longest list of a step that is compared with others. */
const KEY_LIMIT = 64

/** A text that two steps share only when they are the same; undefined for steps too large to compare. */
function keyOf(step: Step): string | undefined {
  if (step.op === 'trees' || step.op === 'affine') return undefined
  for (const part of Object.values(step)) if (Array.isArray(part) && part.length > KEY_LIMIT) return undefined
  return JSON.stringify(step, (_, part) =>
    typeof part === 'number' && (!Number.isFinite(part) || Object.is(part, -0)) ? `number ${Object.is(part, -0) ? '-0' : part}` : part,
  )
}
