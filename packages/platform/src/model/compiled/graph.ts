import type { ModelGraph } from '@fairlead/contract/control'
import type { Form, Step } from '@fairlead/evaluator'
import { answersOf } from './signature.ts'

/** Most steps drawn; forms of more are cut at the end. */
const STEP_LIMIT = 300

/** The steps of a form for drawing, from its inputs to the outputs that are served. */
export function formGraph(form: Form): ModelGraph {
  const steps = form.steps.slice(0, STEP_LIMIT)
  const drawn = form.inputs.length + steps.length
  const idOf = (value: number) => (value < form.inputs.length ? `in${value}` : `s${value - form.inputs.length}`)
  const edges: ModelGraph['edges'] = []
  for (const [at, step] of steps.entries()) for (const value of new Set(step.of)) edges.push({ from: idOf(value), to: `s${at}` })
  const answers = answersOf(form)
  for (const [at, { value }] of answers.entries()) if (value < drawn) edges.push({ from: idOf(value), to: `out${at}` })
  return {
    nodes: [
      ...form.inputs.map(({ name }, at) => ({ id: `in${at}`, op: name, name, kind: 'input' as const })),
      ...steps.map((step, at) => ({ id: `s${at}`, op: wordsOf(step), kind: 'operator' as const })),
      ...answers.map(({ name }, at) => ({ id: `out${at}`, op: name, name, kind: 'output' as const })),
    ],
    edges,
    truncated: steps.length < form.steps.length,
  }
}

function wordsOf(step: Step): string {
  if (step.op === 'trees') return `${step.trees.roots.length} trees`
  if (step.op === 'link' || step.op === 'unary' || step.op === 'reduce') return step.function
  return step.op === 'arithmetic' || step.op === 'compare' ? step.operator : step.op
}
