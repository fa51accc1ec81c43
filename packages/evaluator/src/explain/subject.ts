import type { Form, Output } from '../form/form.ts'
import type { Affine, TreesStep } from '../form/steps.ts'
import { Unexplainable } from './unexplainable.ts'

/** What of a form is explained: its only model, and how its outputs are called. */
export interface Subject {
  readonly step: TreesStep | Affine
  readonly outputs: number
  /** What its outputs stand for, where the form says so for as many. */
  readonly classes?: readonly (string | number)[]
}

/**
 * The model whose sums lead to the form's answers: the only trees or linear model between them and the inputs.
 *
 * @throws Unexplainable when there is none or more than one
 */
export function subject(form: Form): Subject {
  const answers = form.outputs.filter(({ role }) => role !== 'other')
  const outputs = answers.length > 0 ? answers : form.outputs
  const models = new Set<TreesStep | Affine>()
  const seen = new Set<number>()
  const open = outputs.map(({ value }) => value)
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (seen.has(value)) continue
    seen.add(value)
    const step = form.steps[value - form.inputs.length]
    if (step === undefined)
      throw new Unexplainable('no-model', `${inputName(form, value)} takes part in the answer without going through trees or a linear model`)
    if (step.op === 'trees' || step.op === 'affine') models.add(step)
    else open.push(...step.of)
  }
  const [step, second] = models
  if (!step) throw new Unexplainable('no-model', 'the model has no trees and no linear model')
  if (second) throw new Unexplainable('several-models', `the answer is put together from ${models.size} models; one alone can be explained`)
  const width = step.op === 'trees' ? step.trees.outputs : step.outputs
  return { step, outputs: width, ...named(outputs, width) }
}

function inputName(form: Form, value: number): string {
  return `input ${form.inputs[value]?.name ?? value}`
}

function named(outputs: readonly Output[], width: number): { classes?: readonly (string | number)[] } {
  const classes = outputs.find((output) => output.classes?.length === width || (width === 1 && output.classes?.length === 2))?.classes
  if (!classes) return {}
  return { classes: width === 1 ? classes.slice(-1) : classes }
}
