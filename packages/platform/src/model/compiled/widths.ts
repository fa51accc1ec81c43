import type { ElementType, Form, Step } from '@fairlead/evaluator'

/** Type and number of the columns of a value of a form. */
export interface ValueShape {
  type: ElementType
  width: number
}

/** Types and widths of all values of a form: its inputs, then what each step makes. */
export function valueShapes(form: Form): ValueShape[] {
  const shapes: ValueShape[] = form.inputs.map(({ type, width }) => ({ type, width }))
  for (const step of form.steps) {
    const of = step.of.map((at) => shapes[at]!)
    shapes.push(shapeOf(step, of))
  }
  return shapes
}

function shapeOf(step: Step, of: readonly ValueShape[]): ValueShape {
  const [first = { type: 'f32', width: 1 }] = of
  const widest = Math.max(...of.map(({ width }) => width), 1)
  switch (step.op) {
    case 'cast':
      return { type: step.to, width: first.width }
    case 'concat':
      return { type: first.type, width: of.reduce((sum, { width }) => sum + width, 0) }
    case 'columns':
      return { type: first.type, width: step.indices.length }
    case 'onehot':
      return { type: step.to, width: step.categories.length }
    case 'lookup':
    case 'choose':
      return { type: step.to, width: first.width }
    case 'arithmetic':
      return { type: first.type, width: Math.max(widest, step.constant?.length ?? 1) }
    case 'compare':
      return { type: 'bool', width: Math.max(widest, step.constant?.length ?? 1) }
    case 'unary':
      return { type: step.function === 'not' || step.function === 'isnan' ? 'bool' : first.type, width: first.width }
    case 'where':
      return { type: of[1]!.type, width: widest }
    case 'reduce':
      return { type: first.type, width: 1 }
    case 'affine':
      return { type: first.type, width: step.outputs }
    case 'trees':
      return { type: step.trees.sum, width: step.trees.outputs }
    case 'argmax':
      return { type: 'i32', width: 1 }
    default:
      return first
  }
}
