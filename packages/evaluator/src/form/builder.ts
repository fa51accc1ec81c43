import { UnreadableModel } from '../unreadable.ts'
import type { ElementType } from './element.ts'
import type { Form, Input, Output, Source } from './form.ts'
import type { Step } from './steps.ts'

/** Beyond this many columns in one value a form is a trap for memory, not a model. */
export const MOST_COLUMNS = 1 << 20
const MOST_STEPS = 1 << 18

/** One column of a value of a form that is being built. */
export interface Cell {
  readonly value: number
  readonly index: number
}

interface Shape {
  readonly type: ElementType
  readonly width: number
}

/** Collects the steps of a form and knows the type and width of each value. Its callers own the meaning. */
export class FormBuilder {
  readonly steps: Step[] = []
  readonly outputs: Output[] = []
  readonly texts: string[] = []
  readonly inputs: readonly Input[]
  private readonly shapes: Shape[]
  private readonly positions = new Map<string, number>()

  constructor(inputs: readonly Input[]) {
    this.inputs = inputs
    this.shapes = inputs.map(({ type, width }) => ({ type, width }))
  }

  /** Adds a step whose result has this type and width; gives its value. Throws UnreadableModel past any sensible size. */
  add(step: Step, type: ElementType, width: number): number {
    if (width > MOST_COLUMNS || this.steps.length >= MOST_STEPS)
      throw new UnreadableModel('too-large', `step ${this.steps.length}`, `a form of ${this.steps.length} steps and ${width} columns`)
    this.steps.push(step)
    this.shapes.push({ type, width })
    return this.shapes.length - 1
  }

  type(value: number): ElementType {
    return this.shape(value).type
  }

  width(value: number): number {
    return this.shape(value).width
  }

  /** Position of a text in the form's texts. */
  text(text: string): number {
    const known = this.positions.get(text)
    if (known !== undefined) return known
    this.positions.set(text, this.texts.length)
    return this.texts.push(text) - 1
  }

  /** The cells of a value, in order. */
  cells(value: number): Cell[] {
    return Array.from({ length: this.width(value) }, (_, index) => ({ value, index }))
  }

  /** One value with these cells, all of one type, as its columns: the value itself where they are just that. */
  gather(wanted: readonly Cell[]): number {
    const cells = wanted.map((cell) => this.source(cell))
    const parts: number[] = []
    for (let from = 0; from < cells.length; ) {
      const value = (cells[from] as Cell).value
      let to = from
      while (to < cells.length && (cells[to] as Cell).value === value) to += 1
      const run = cells.slice(from, to)
      const whole = run.length === this.width(value) && run.every((cell, i) => cell.index === i)
      parts.push(whole ? value : this.add({ op: 'columns', of: [value], indices: run.map((cell) => cell.index) }, this.type(value), run.length))
      from = to
    }
    const [first = 0] = parts
    return parts.length === 1 ? first : this.add({ op: 'concat', of: parts }, this.type(first), cells.length)
  }

  /** Where a cell comes from when it was only chosen or put beside others since. */
  private source(cell: Cell): Cell {
    let { value, index } = cell
    for (;;) {
      const step = this.steps[value - this.inputs.length]
      if (step?.op === 'columns') {
        index = step.indices[index] as number
        value = step.of[0]
      } else if (step?.op === 'concat') {
        let part = 0
        while (index >= this.width(step.of[part] as number)) {
          index -= this.width(step.of[part] as number)
          part += 1
        }
        value = step.of[part] as number
      } else return { value, index }
    }
  }

  output(output: Output): void {
    this.outputs.push(output)
  }

  /** The form, without the steps that no output needs. */
  build(source: Source): Form {
    const first = this.inputs.length
    const needed = new Set<number>(this.outputs.map(({ value }) => value))
    for (let value = this.shapes.length - 1; value >= first; value -= 1) if (needed.has(value)) for (const read of this.stepOf(value).of) needed.add(read)
    const moved = new Map<number, number>(this.inputs.map((_, i) => [i, i]))
    const steps: Step[] = []
    for (const [i, step] of this.steps.entries()) {
      if (!needed.has(first + i)) continue
      moved.set(first + i, first + steps.length)
      steps.push({ ...step, of: step.of.map((read) => moved.get(read) as number) } as unknown as Step)
    }
    const outputs = this.outputs.map((output) => ({ ...output, value: moved.get(output.value) as number }))
    return { version: 1, source, inputs: this.inputs, steps, outputs, texts: this.texts }
  }

  private stepOf(value: number): Step {
    return this.steps[value - this.inputs.length] as Step
  }

  private shape(value: number): Shape {
    const shape = this.shapes[value]
    if (shape === undefined) throw new RangeError(`value ${value} is not made yet`)
    return shape
  }
}
