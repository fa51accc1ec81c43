import type { Elements, ElementType } from '../form/element.ts'
import type { Form, Output } from '../form/form.ts'
import { askedTexts } from './asked-texts.ts'
import { CannotRun, WrongInput } from './cannot-run.ts'
import { elementsOf } from './elements.ts'
import type { Plan } from './plan.ts'
import type { Store } from './store.ts'
import { encodeTable, type TableColumn } from './table.ts'
import { TextPositions } from './text-positions.ts'
import { bytesOf, type Slot } from './workbench.ts'

/** What a value of each type takes and gives: text as strings, null where there is none. */
export type InputData = Elements | readonly (string | null)[]
export type OutputData = Elements | string[]

interface Parts {
  readonly form: Form
  readonly outputs: readonly Output[]
  readonly store: Store
  readonly block: number
  readonly plan: (names: readonly string[]) => Plan
}

interface Single {
  readonly slot: Slot
  readonly source: Slot
}

/**
 * A form made ready. Rows go in row after row, answers come out the same way; a block of rows at a time is worked out, so
 * that memory does not grow with their number. Every predictor has a memory of its own, which goes when nothing holds it.
 */
export class Predictor {
  readonly form: Form
  /** Outputs that can be asked for; `predict` gives the first. */
  readonly outputs: readonly Output[]
  readonly #store: Store
  readonly #block: number
  readonly #makePlan: (names: readonly string[]) => Plan
  readonly #plans = new Map<string, Plan>()
  readonly #first: Plan
  /** Of all outputs; made when it is first asked for. */
  #whole: Plan | undefined
  /** Of each input of text. */
  readonly #texts: (TextPositions | undefined)[] = []
  #sole: Single | undefined

  constructor({ form, outputs, store, block, plan }: Parts) {
    this.form = form
    this.outputs = outputs
    this.#store = store
    this.#block = block
    this.#makePlan = plan
    this.#first = plan(outputs.slice(0, 1).map(({ name }) => name))
  }

  /** Type and elements of a row of each of `outputs`. */
  get shapes(): readonly { readonly type: ElementType; readonly width: number }[] {
    this.#whole ??= this.#planOf()
    return this.#whole.slots.map(({ type, width }) => ({ type, width }))
  }

  /** Bytes of memory that the model and its rows take. */
  get memory(): number {
    return this.#store.size
  }

  /**
   * Predicts rows of a form with one input of f32 or f64, row after row: gives the first output in its own type. Allocates
   * nothing when `out` is given.
   *
   * @throws WrongInput when the numbers are no whole rows, or `out` has another type or length
   */
  predict(rows: Float32Array | Float64Array, out?: Elements): Elements {
    const { slot, source } = this.#single()
    const count = rows.length / source.width
    if (!Number.isInteger(count)) throw new WrongInput(`${rows.length} numbers are no whole rows of ${source.width}`, { input: this.form.inputs[0]!.name })
    const answers = out ?? elementsOf(slot.type, count * slot.width)
    if (out) this.#checkOut(out, slot, count * slot.width)
    for (let from = 0; from < count; from += this.#block) {
      const many = Math.min(this.#block, count - from)
      this.#store.write(0, rows, { from: from * source.width, rows: many })
      this.#first.run(many, from)
      this.#store.read(slot, answers, { from: from * slot.width, length: many * slot.width })
    }
    return answers
  }

  /** A view of the memory to write the rows of an input into, for `evaluate`; good until `input` is called for more rows. */
  input(rows: number, name: string = this.form.inputs[0]?.name ?? ''): Elements {
    const { slots, numbers } = this.#first
    // all room that any call for so many rows needs: when the memory grows, no view of it is good any more
    for (const at of numbers) this.#store.makeRoom(at, Math.max(rows, this.#block))
    this.#store.answers(slots[0]!, rows)
    return this.#store.view(this.#numberOf(name), rows)
  }

  /**
   * Predicts the rows that were written into the views of `input`: gives a view of the first output in the memory, good
   * until the next call. Nothing is copied.
   */
  evaluate(rows: number): Elements {
    const plan = this.#first
    const slot = plan.slots[0]!
    this.#checkViews(plan, rows)
    const { at, block } = { at: this.#store.answers(slot, rows), block: this.#block }
    const home = slot.at
    try {
      for (let from = 0; from < rows; from += block) {
        this.#store.seek(from)
        if (!this.#store.isInput(slot)) slot.at = at + from * slot.width * bytesOf(slot.type)
        plan.run(Math.min(block, rows - from), from)
      }
    } finally {
      // also where a row is refused: the next block must not be written behind these answers
      this.#store.seek(0)
      if (!this.#store.isInput(slot)) slot.at = home
    }
    return this.#store.isInput(slot) ? this.#store.at(slot, rows) : this.#store.at({ ...slot, at }, rows)
  }

  /**
   * Predicts rows of named inputs: typed arrays of `rows × width` elements row after row, text as strings. Gives the named
   * outputs, or all of them.
   *
   * @throws WrongInput for an input that lacks, or has another type or length; CannotRun for an unknown output
   */
  run(inputs: Readonly<Record<string, InputData>>, rows: number, outputs?: readonly string[]): Record<string, OutputData> {
    const plan = this.#planOf(outputs)
    for (const at of plan.numbers) this.#check(at, inputs, rows)
    const found = plan.slots.map((slot) => elementsOf(slot.type, rows * slot.width))
    for (let from = 0; from < rows; from += this.#block) {
      const many = Math.min(this.#block, rows - from)
      for (const at of plan.numbers) this.#take(at, inputs, { from, rows: many })
      plan.run(many, from)
      this.#hand(plan, found, { from, rows: many })
    }
    return Object.fromEntries(plan.outputs.map(({ name }, at) => [name, this.#rendered(plan.slots[at]!, found[at]!)]))
  }

  /**
   * As `run`, for those who call it often: takes the elements of every input in the form's order (of text, positions in its texts) and
   * fills arrays that are given, one for each of `outputs` in order. Allocates nothing. That types and lengths are right is the caller's
   * part: they are not looked at.
   */
  runInto(inputs: readonly Elements[], rows: number, answers: readonly Elements[]): void {
    this.#whole ??= this.#planOf()
    for (let from = 0; from < rows; from += this.#block) {
      const many = Math.min(this.#block, rows - from)
      for (let at = 0; at < inputs.length; at++) this.#store.write(at, inputs[at]!, { from: from * this.form.inputs[at]!.width, rows: many })
      this.#whole.run(many, from)
      this.#hand(this.#whole, answers, { from, rows: many })
    }
  }

  /**
   * Views of the memory to write rows into, one for each input in the form's order, for `evaluateInto`: of numbers row after row, of text
   * the positions in the form's texts (−1 for others, −2 for none). They have room for `rows` rows or more, and are the same arrays again
   * as long as they do; ask anew before every use, since what predicts in other ways may write into them, and make room elsewhere.
   */
  inputs(rows: number): readonly Elements[] {
    return this.#store.views(rows, this.#block)
  }

  /**
   * As `runInto`, of rows that were written into the views of `inputs`: whoever has rows in several places puts them together there, and
   * nothing is copied twice.
   *
   * @throws WrongInput for a row that the model refuses, or where `inputs` was asked for fewer rows
   */
  evaluateInto(rows: number, answers: readonly Elements[]): void {
    this.#whole ??= this.#planOf()
    const store = this.#store
    this.#checkViews(this.#whole, rows)
    try {
      for (let from = 0; from < rows; from += this.#block) {
        const many = Math.min(this.#block, rows - from)
        store.seek(from)
        this.#whole.run(many, from)
        this.#hand(this.#whole, answers, { from, rows: many })
      }
    } finally {
      store.seek(0)
    }
  }

  /**
   * Predicts a table: its columns by name, numbers or texts, `null` for what is missing. Columns with categories become
   * positions in their lists.
   *
   * @throws WrongInput that names row and column for a value that the model does not know
   */
  runTable(columns: Readonly<Record<string, TableColumn>>, outputs?: readonly string[]): Record<string, OutputData> {
    const { inputs, rows } = encodeTable(this.#planOf(outputs).inputs, columns)
    return this.run(inputs, rows, outputs)
  }

  /** What `predict` takes and gives. */
  #single(): Single {
    if (this.#sole) return this.#sole
    const slot = this.#first.slots[0]
    const source = this.#store.inputs[0]
    if (!slot || !source || this.form.inputs.length !== 1) throw new CannotRun('predict takes a form with one input; use run')
    if (source.type !== 'f32' && source.type !== 'f64') throw new CannotRun(`predict takes an input of f32 or f64, not ${source.type}; use run`)
    this.#sole = { slot, source }
    return this.#sole
  }

  #planOf(outputs: readonly string[] = this.outputs.map(({ name }) => name)): Plan {
    const key = outputs.join('\0')
    const known = this.#plans.get(key)
    if (known) return known
    const plan = this.#makePlan(outputs)
    this.#plans.set(key, plan)
    return plan
  }

  #numberOf(name: string): number {
    const at = this.form.inputs.findIndex((input) => input.name === name)
    if (at < 0) throw new WrongInput('the model has no such input', { input: name })
    return at
  }

  #check(at: number, inputs: Readonly<Record<string, InputData>>, rows: number): void {
    const { name, type, width } = this.form.inputs[at]!
    const data = inputs[name]
    if (!data) throw new WrongInput('is missing', { input: name })
    if (data.length !== rows * width) throw new WrongInput(`${data.length} elements for ${rows} rows of ${width}`, { input: name })
    if (type === 'text' && !Array.isArray(data)) throw new WrongInput('takes texts', { input: name })
    if (type !== 'text' && (Array.isArray(data) || (type === 'i64') !== data instanceof BigInt64Array))
      throw new WrongInput(`takes elements of ${type}`, { input: name })
  }

  #checkViews({ numbers }: Plan, rows: number): void {
    for (let k = 0; k < numbers.length; k++) {
      const at = numbers[k]!
      if (this.#store.rowsOf(at) < rows) throw new WrongInput(`no view of ${rows} rows was asked for`, { input: this.form.inputs[at]!.name })
    }
  }

  /** Copies what a block came to out of the memory, from row `from` on. */
  #hand({ slots }: Plan, answers: readonly Elements[], { from, rows }: { from: number; rows: number }): void {
    for (let at = 0; at < slots.length; at++) {
      const slot = slots[at]!
      this.#store.read(slot, answers[at]!, { from: from * slot.width, length: rows * slot.width })
    }
  }

  /** Writes some rows of an input; texts as their positions. */
  #take(at: number, inputs: Readonly<Record<string, InputData>>, { from, rows }: { from: number; rows: number }): void {
    const { name, type, width } = this.form.inputs[at]!
    const data = inputs[name]!
    if (type === 'text') {
      this.#texts[at] ??= new TextPositions(this.form.texts, askedTexts(this.form, at))
      this.#store.writeTexts(at, data as readonly (string | null)[], { from: from * width, rows, positions: this.#texts[at] })
    } else this.#store.write(at, data as Elements, { from: from * width, rows })
  }

  #rendered(slot: Slot, found: Elements): OutputData {
    return slot.type === 'text' ? Array.from(found as Int32Array, (position) => this.form.texts[position] ?? '') : found
  }

  #checkOut(out: Elements, { type }: Slot, length: number): void {
    const input = this.form.inputs[0]!.name
    if (out.length !== length) throw new WrongInput(`answers are ${length} elements; out has ${out.length}`, { input })
    if ((type === 'i64') !== out instanceof BigInt64Array) throw new WrongInput(`answers are of ${type}`, { input })
  }
}
