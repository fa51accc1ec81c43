import type { Form, Input, Output } from '../form.ts'
import { formShape } from './fields.ts'
import { fault } from './shapes.ts'
import { type Kind, kindsOf } from './values.ts'

export { kindsOf } from './values.ts'

const mostSteps = 100_000

/**
 * Checks a form from beginning to end: every field of its kind, every value, index and length within what it speaks of,
 * types and widths of steps fitting each other, trees being trees. What passes can be compiled and run without another
 * look. Takes time in proportion to the form.
 * @throws {UnreadableModel} naming the field: `steps[0].trees.yes[4]`
 */
export function checkForm(form: Form): void {
  formShape(form, '')
  if (form.steps.length > mostSteps) throw fault('steps', `are ${form.steps.length}, more than ${mostSteps}`)
  if (form.inputs.length === 0) throw fault('inputs', 'are none')
  if (form.outputs.length === 0) throw fault('outputs', 'are none')
  unique(form.inputs, 'inputs')
  unique(form.outputs, 'outputs')
  unique(
    form.texts.map((name) => ({ name })),
    'texts',
  )
  for (const [index, input] of form.inputs.entries()) checkInput(input, `inputs[${index}]`)
  const kinds = kindsOf(form)
  for (const [index, output] of form.outputs.entries()) checkOutput(output, kinds, `outputs[${index}]`)
}

function unique(named: readonly { readonly name: string }[], where: string): void {
  const seen = new Set<string>()
  for (const [index, { name }] of named.entries()) {
    if (seen.has(name)) throw fault(`${where}[${index}]`, `${JSON.stringify(name.slice(0, 100))} stands twice`)
    seen.add(name)
  }
}

function checkInput({ width, columns, required }: Input, where: string): void {
  for (const column of required ?? []) if (!(column >= 0 && column < width)) throw fault(`${where}.required`, `has column ${column} of ${width}`)
  if (columns === undefined) return
  if (columns.length !== width) throw fault(`${where}.columns`, `are ${columns.length}, not ${width}`)
  unique(columns, `${where}.columns`)
  for (const [index, { categories }] of columns.entries()) {
    if (categories === undefined) continue
    const values: readonly (string | number)[] = categories.values
    if (new Set(values).size < values.length) throw fault(`${where}.columns[${index}].categories.values`, 'has a value twice')
  }
}

function checkOutput({ value, rank, classes }: Output, kinds: readonly Kind[], where: string): void {
  const kind = kinds[value]
  if (kind === undefined) throw fault(`${where}.value`, `is ${value}; there are ${kinds.length}`)
  if (rank === 1 && kind.width !== 1) throw fault(`${where}.rank`, `is 1, and its value has ${kind.width} columns`)
  if (classes !== undefined && classes.length !== kind.width) throw fault(`${where}.classes`, `are ${classes.length} for ${kind.width} columns`)
}
