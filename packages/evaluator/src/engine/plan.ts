import type { Input, Output } from '../form/form.ts'
import { WrongInput } from './cannot-run.ts'
import type { Slot } from './workbench.ts'

/** What is done for some outputs: the steps that they need, in order, and the inputs that these read. */
export class Plan {
  readonly outputs: readonly Output[]
  readonly slots: readonly Slot[]
  readonly inputs: readonly Input[]
  /** Numbers of these inputs in the form. */
  readonly numbers: readonly number[]
  readonly #runs: readonly ((rows: number) => void)[]

  constructor(parts: Pick<Plan, 'outputs' | 'slots' | 'inputs' | 'numbers'> & { readonly runs: readonly ((rows: number) => void)[] }) {
    this.outputs = parts.outputs
    this.slots = parts.slots
    this.inputs = parts.inputs
    this.numbers = parts.numbers
    this.#runs = parts.runs
  }

  /** Works out one block of rows, which follow `before` others. @throws WrongInput that names the row among all */
  run(rows: number, before: number): void {
    const runs = this.#runs
    try {
      for (let at = 0; at < runs.length; at++) (runs[at] as (rows: number) => void)(rows)
    } catch (error) {
      throw error instanceof WrongInput ? error.after(before) : error
    }
  }
}
