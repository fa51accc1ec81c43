import type { Elements } from '../form/element.ts'
import type { Form, Input } from '../form/form.ts'
import type { Step } from '../form/steps.ts'
import { affine } from './affine.ts'
import { argmax, choose } from './choices.ts'
import { cast, columns, concat, replace } from './columns.ts'
import { arithmetic, compare, scale, unary, where } from './elementwise.ts'
import { link } from './links.ts'
import { lookup, normalize, onehot, reduce } from './rows.ts'
import { trees } from './trees.ts'
import { put, type Value, zeros } from './value.ts'

type Run<S extends Step> = (step: S, of: readonly Value[], rows: number) => Value

/** What each step does, in plain words of the language. */
const STEPS: { readonly [Op in Step['op']]: Run<Extract<Step, { op: Op }>> } = {
  affine,
  argmax,
  arithmetic,
  cast,
  choose,
  columns,
  compare,
  concat,
  link,
  lookup,
  normalize,
  onehot,
  reduce,
  replace,
  scale,
  trees,
  unary,
  where,
}

/**
 * Works a form out the slow and plain way: what every faster way must give, bit for bit.
 *
 * @param inputs one array for each input, `rows × width` numbers row after row; they are rounded to the input's type
 * @param outputs names of the outputs wanted; all of them unless given
 * @returns the outputs by name
 * @throws TypeError for inputs of another length, an unknown output, or a step of a type that it does not know; RangeError for a row that a step refuses
 */
export function interpret(
  form: Form,
  inputs: readonly Elements[],
  rows: number,
  outputs: readonly string[] = form.outputs.map(({ name }) => name),
): Map<string, Elements> {
  const values = form.inputs.map((input, at) => taken(input, inputs[at], rows))
  for (const step of form.steps) {
    const run = STEPS[step.op] as Run<Step>
    values.push(
      run(
        step,
        step.of.map((at) => values[at]!),
        rows,
      ),
    )
  }
  return new Map(
    outputs.map((wanted) => {
      const output = form.outputs.find(({ name }) => name === wanted)
      if (!output) throw new TypeError(`the model has no output ${wanted}`)
      return [wanted, values[output.value]!.data]
    }),
  )
}

function taken({ name, type, width }: Input, data: Elements | undefined, rows: number): Value {
  if (data?.length !== rows * width) throw new TypeError(`input ${name}: ${data?.length ?? 'no'} numbers for ${rows} rows of ${width}`)
  const value = zeros(type, rows, width)
  for (const [at, x] of data.entries()) {
    if (value.data instanceof BigInt64Array) value.data[at] = BigInt(x)
    else put(value, at, Number(x))
  }
  return value
}
