import assert from 'node:assert/strict'
import { compile } from '../engine/index.ts'
import type { Elements } from '../form/element.ts'
import type { Form } from '../form/form.ts'
import { interpret } from '../plain/interpret.ts'

export type WorkOut = (inputs: readonly Elements[], rows: number) => Map<string, Elements>

/** Works a form out the plain way, by output; the kernels must give the same bits. Texts go in and come out as positions. */
export function bothWays(form: Form): WorkOut {
  const predictor = compile(form)
  return (inputs, rows) => {
    const answers = interpret(form, inputs, rows)
    const compiled = form.outputs.map(({ name }) => {
      const elements = (answers.get(name) as Elements).slice()
      if (elements instanceof BigInt64Array) elements.fill(0n)
      else elements.fill(0)
      return elements
    })
    predictor.runInto(inputs, rows, compiled)
    for (const [i, { name }] of form.outputs.entries()) assert.deepEqual(compiled[i], answers.get(name), `${name} from the kernels`)
    return answers
  }
}
