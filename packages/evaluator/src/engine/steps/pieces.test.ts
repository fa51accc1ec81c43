import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Elements } from '../../form/element.ts'
import type { Form, Output } from '../../form/form.ts'
import type { Step } from '../../form/steps.ts'
import { interpret } from '../../plain/interpret.ts'
import { random } from '../../testing/random.ts'
import { compile } from '../compile.ts'

const ROWS = 150
const TEXTS = ['a', 'b', 'c', 'd', 'e']
/** Values: a text 0, another text 1, a whole number 2, numbers 3 of three columns. */
const INPUTS: Form['inputs'] = [
  { name: 'city', type: 'text', width: 1 },
  { name: 'land', type: 'text', width: 1 },
  { name: 'floor', type: 'i64', width: 1 },
  { name: 'sizes', type: 'f64', width: 3 },
]

interface Linear {
  readonly to?: 'f32' | 'f64'
  readonly outputs?: number
  readonly biasFirst?: boolean
  readonly skipMissing?: boolean
  readonly bias?: number
  /** A weight in place of that of the first category. */
  readonly weight?: number
  /** Inputs whose unknown categories are refused. */
  readonly strict?: readonly number[]
  /** Values that are outputs beside the model's. */
  readonly shown?: readonly number[]
}

/** Categories of three inputs and numbers, some side by side before the others, and a linear model of them all. */
function formOf({ to = 'f32', outputs = 2, biasFirst = false, skipMissing = false, strict = [], shown = [], ...given }: Linear): Form {
  const next = random(outputs)
  const weights = Float64Array.from({ length: 12 * outputs }, () => Math.fround((next() - 0.5) * 10 ** Math.floor(next() * 4)))
  if (given.weight !== undefined) weights[0] = given.weight
  const onehot = (input: number, categories: number[]): Step => ({
    op: 'onehot',
    of: [input],
    categories,
    unknown: strict.includes(input) ? 'error' : 'zeros',
    to,
  })
  const steps: Step[] = [
    onehot(0, [3, 0, 1]), // 4
    onehot(1, [4, 2]), // 5
    { op: 'concat', of: [4, 5] }, // 6
    { op: 'cast', of: [3], to }, // 7
    onehot(2, [7, -2, 0, 1]), // 8
    { op: 'concat', of: [6, 7, 8] }, // 9
    {
      op: 'affine',
      of: [9],
      outputs,
      weights,
      bias: Float64Array.from({ length: outputs }, (_, at) => given.bias ?? Math.fround(Math.sin(at))),
      biasFirst,
      skipMissing,
    }, // 10
  ]
  const output = (value: number): Output => ({ name: `${value}`, value, role: 'other', rank: 2 })
  return { version: 1, source: { format: 'onnx', version: '', objective: '' }, inputs: INPUTS, steps, outputs: [10, ...shown].map(output), texts: TEXTS }
}

function rowsOf(known = false): Elements[] {
  const next = random(9)
  const below = (n: number): number => Math.floor(next() * n)
  const pick = <T>(from: readonly T[]): T => from[below(from.length)]!
  const texts = (some: readonly number[]): Int32Array => Int32Array.from({ length: ROWS }, () => (known ? pick(some) : below(8) - 2))
  const numbers = [0, -0, Number.NaN, 1e300, Number.POSITIVE_INFINITY, 0.1, -3, 1e-320]
  return [
    texts([3, 0, 1]),
    texts([4, 2]),
    BigInt64Array.from({ length: ROWS }, () => pick(known ? [7n, -2n, 0n, 1n] : [7n, -2n, 0n, 1n, 3n, 2n ** 60n])),
    Float64Array.from({ length: 3 * ROWS }, () => (below(6) === 0 ? pick(numbers) : next() - 0.5)),
  ]
}

function oneNaN<E extends Elements>(elements: E): E {
  return elements instanceof Float32Array || elements instanceof Float64Array ? (elements.map((x) => (Number.isNaN(x) ? Number.NaN : x)) as E) : elements
}

function same(linear: Linear): void {
  const form = formOf(linear)
  const rows = rowsOf(linear.strict !== undefined)
  for (const [block, count] of [
    [64, ROWS],
    [64, 1],
    [1, 7],
  ] as const) {
    const predictor = compile(form, { block })
    const given = rows.map((all, at) => all.slice(0, count * INPUTS[at]!.width))
    const wanted = interpret(form, given, count)
    const [first] = form.outputs
    for (const outputs of [form.outputs, [first!]]) {
      const chosen = compile(form, { block, outputs: outputs.map(({ name }) => name) })
      const answers = chosen.shapes.map(({ type, width }) => (type === 'f64' ? new Float64Array(count * width) : new Float32Array(count * width)))
      chosen.runInto(given, count, answers)
      for (const [at, { name }] of outputs.entries()) assert.deepEqual(oneNaN(answers[at]!), oneNaN(wanted.get(name)!), JSON.stringify(linear))
    }
    const views = predictor.inputs(count)
    for (const [at, part] of given.entries()) (views[at] as Float64Array).set(part as Float64Array)
    const placed = predictor.shapes.map(({ type, width }) => (type === 'f64' ? new Float64Array(count * width) : new Float32Array(count * width)))
    predictor.evaluateInto(count, placed)
    assert.deepEqual(oneNaN(placed[0]!), oneNaN(wanted.get(first!.name)!))
  }
}

test('weights of categories are added as their columns of zeros and ones would be', () => {
  for (const to of ['f32', 'f64'] as const) for (const outputs of [1, 2, 3, 5]) for (const biasFirst of [false, true]) same({ to, outputs, biasFirst })
})

test('where that would not be the same, the columns are written: a first sum of −0, weights that are not finite, missing values left out', () => {
  for (const to of ['f32', 'f64'] as const) {
    for (const bias of [-0, 0, Number.NaN, Number.POSITIVE_INFINITY]) for (const biasFirst of [false, true]) same({ to, bias, biasFirst })
    for (const weight of [Number.NaN, Number.POSITIVE_INFINITY, 1e39, -0, 1e-46]) same({ to, weight })
    same({ to, skipMissing: true })
  }
})

test('columns that others read, or that refuse what is unknown, are written too', () => {
  for (const shown of [[4], [6], [9], [8, 5]]) same({ shown })
  for (const strict of [[0], [1], [2], [0, 1, 2]]) same({ strict })
  const [city, land, floor, sizes] = rowsOf(true) as [Int32Array, Int32Array, BigInt64Array, Float64Array]
  land[70] = 0
  const answers = [new Float32Array(2 * ROWS)]
  assert.throws(() => compile(formOf({ strict: [1] }), { block: 64 }).runInto([city, land, floor, sizes], ROWS, answers), /input land, row 70: is none/)
})

test('what is not written takes no memory', () => {
  const wide = (shown: number[]): Form => {
    const form = formOf({ outputs: 1, shown })
    const many = Array.from({ length: 40_000 }, (_, at) => at)
    const steps = [
      { op: 'onehot', of: [2], categories: many, unknown: 'zeros', to: 'f32' },
      { ...form.steps[6], of: [4], weights: new Float64Array(40_000).fill(0.5) },
    ]
    return {
      ...form,
      steps: steps as Step[],
      outputs: [{ ...form.outputs[0]!, value: 5 }, ...shown.map((value) => ({ ...form.outputs[0]!, name: 'shown', value }))],
    }
  }
  assert.ok(compile(wide([])).memory * 10 < compile(wide([4])).memory)
})
