import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Elements, ElementType } from '../../form/element.ts'
import type { Form } from '../../form/form.ts'
import type { Step } from '../../form/steps.ts'
import { interpret } from '../../plain/interpret.ts'
import { random } from '../../testing/random.ts'
import { UnreadableModel } from '../../unreadable.ts'
import { CannotRun } from '../cannot-run.ts'
import { compile } from '../compile.ts'
import type { InputData } from '../predictor.ts'

const ROWS = 150
const FLOATS = ['f32', 'f64'] as const
const WHOLE = ['i64', 'i32'] as const
const TEXTS = ['a', 'b', 'c', 'ü']
const EDGES = [0, -0, 1, -1, 2, 0.5, -0.5, 1.5, 2.5, 1e-40, 1e300, -1e300, 5e9, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]

interface Given {
  readonly type: ElementType
  readonly width: number
}

/** Random elements of a type, edges among them. */
function elements({ type, width }: Given, seed: number): Elements {
  const next = random(seed)
  const length = ROWS * width
  const below = (n: number) => Math.floor(next() * n)
  if (type === 'text') return Int32Array.from({ length }, () => below(TEXTS.length + 1) - 1)
  if (type === 'bool') return Uint8Array.from({ length }, () => below(2))
  if (type === 'i32') return Int32Array.from({ length }, () => (below(5) === 0 ? below(2 ** 32) - 2 ** 31 : below(9) - 4))
  if (type === 'i64') return BigInt64Array.from({ length }, () => (below(5) === 0 ? (BigInt(below(2 ** 32)) << 32n) + BigInt(below(9)) : BigInt(below(9) - 4)))
  const numbers = Array.from({ length }, () => (below(3) === 0 ? EDGES[below(EDGES.length)]! : below(3) === 0 ? below(9) - 4 : (next() - 0.5) * 10 ** below(4)))
  return type === 'f32' ? Float32Array.from(numbers) : Float64Array.from(numbers)
}

/** One step of these inputs gives compiled what it gives plainly, bit for bit: in blocks, and of few rows. */
function same(step: object, ...given: readonly Given[]): void {
  const form: Form = {
    version: 1,
    source: { format: 'onnx', version: '', objective: '' },
    inputs: given.map(({ type, width }, at) => ({ name: `x${at}`, type, width })),
    steps: [{ of: given.map((_, at) => at), ...step } as unknown as Step],
    outputs: [{ name: 'y', value: given.length, role: 'other', rank: 2 }],
    texts: TEXTS,
  }
  const predictor = compile(form, { block: 64 })
  const data = given.map((one, at) => elements(one, at + 1))
  for (const rows of [ROWS, 1, 7]) {
    const some = data.map((all, at) => all.slice(0, rows * given[at]!.width))
    const wanted = interpret(form, some, rows).get('y')!
    const inputs = some.map((all, at): [string, InputData] => [
      `x${at}`,
      given[at]!.type === 'text' ? Array.from(all as Int32Array, (place) => TEXTS[place] ?? '?') : all,
    ])
    const found = predictor.run(Object.fromEntries(inputs), rows)['y']!
    const places = Array.isArray(found) ? Int32Array.from(found, (text) => TEXTS.indexOf(text)) : found
    assert.deepEqual(oneNaN(places), oneNaN(wanted), JSON.stringify({ step, given, rows }).slice(0, 300))
  }
}

/** NaN has many bits, and machines are free to choose among them: here it has one. */
function oneNaN<E extends Elements>(elements: E): E {
  return elements instanceof Float32Array || elements instanceof Float64Array ? (elements.map((x) => (Number.isNaN(x) ? Number.NaN : x)) as E) : elements
}

const of = (type: ElementType, width = 3): Given => ({ type, width })

test('every cast', () => {
  for (const from of [...FLOATS, ...WHOLE, 'bool'] as const) for (const to of [...FLOATS, ...WHOLE, 'bool'] as const) same({ op: 'cast', to }, of(from))
})

test('columns joined and picked', () => {
  for (const type of [...FLOATS, ...WHOLE, 'bool', 'text'] as const) {
    same({ op: 'concat' }, of(type, 1), of(type, 4), of(type, 2))
    same({ op: 'columns', indices: [2, 0, 2, 1] }, of(type))
    same({ op: 'columns', indices: [1, 2] }, of(type))
  }
})

test('numbers replaced, for all columns or each', () => {
  for (const type of FLOATS)
    for (const what of [Number.NaN, 0, 0.1, -1]) for (const by of [[7.3], [1, -0, Number.NaN]]) same({ op: 'replace', what, with: by }, of(type))
  for (const type of [...WHOLE, 'text'] as const) same({ op: 'replace', what: 1, with: [0, 2, 3] }, of(type))
})

test('scales and norms', () => {
  for (const type of FLOATS) {
    for (const divide of [true, false]) {
      same({ op: 'scale', offset: [0.1], factor: [3.3], divide }, of(type))
      same({ op: 'scale', offset: [0.1, 2, 1e30], factor: [3.3, 0, -1], divide }, of(type))
    }
    for (const norm of ['l1', 'l2', 'max']) for (const width of [1, 2, 5]) same({ op: 'normalize', norm }, of(type, width))
  }
})

test('arithmetic with values and constants, on either side', () => {
  const floats = ['add', 'sub', 'mul', 'div', 'pow', 'min', 'max', 'mod']
  const check = (type: ElementType, operators: readonly string[], constants: readonly number[]) => {
    for (const operator of operators) {
      const step = { op: 'arithmetic', operator }
      same(step, of(type), of(type))
      same(step, of(type, 1), of(type))
      same({ ...step, constant: constants.slice(0, 1) }, of(type))
      same({ ...step, constant: constants, left: true }, of(type))
      same({ ...step, constant: constants }, of(type, 1))
    }
  }
  for (const type of FLOATS)
    for (const constants of [
      [0.3, 2, -1],
      [2, 0.5, 3],
      [-0, Number.NaN, Number.POSITIVE_INFINITY],
    ])
      check(type, floats, constants)
  for (const type of WHOLE) check(type, ['add', 'sub', 'mul', 'min', 'max'], [3, -2, 0])
})

test('comparisons', () => {
  for (const type of [...FLOATS, ...WHOLE] as const) {
    for (const operator of ['lt', 'le', 'gt', 'ge', 'eq', 'ne']) {
      const step = { op: 'compare', operator }
      same(step, of(type), of(type))
      same({ ...step, constant: [1] }, of(type))
      same({ ...step, constant: [0, 1, 2], left: true }, of(type, 1))
    }
  }
  for (const operator of ['and', 'or', 'xor', 'eq', 'ne']) {
    same({ op: 'compare', operator }, of('bool'), of('bool', 1))
    same({ op: 'compare', operator, constant: [1] }, of('bool'))
  }
})

test('functions of one element', () => {
  const floats = ['neg', 'abs', 'sign', 'relu', 'floor', 'ceil', 'round', 'reciprocal', 'sqrt', 'exp', 'log', 'tanh', 'sigmoid', 'erf', 'isnan']
  for (const type of FLOATS) for (const name of floats) same({ op: 'unary', function: name }, of(type))
  for (const type of WHOLE) for (const name of ['neg', 'abs', 'sign', 'relu']) same({ op: 'unary', function: name }, of(type))
  same({ op: 'unary', function: 'not' }, of('bool'))
})

test('one of two values', () => {
  for (const type of [...FLOATS, ...WHOLE, 'bool', 'text'] as const) {
    same({ op: 'where' }, of('bool'), of(type), of(type))
    same({ op: 'where' }, of('bool', 1), of(type), of(type, 1))
  }
})

test('columns brought together', () => {
  for (const type of FLOATS) {
    for (const name of ['sum', 'mean', 'min', 'max', 'l1', 'l2', 'sumsquare', 'prod']) {
      same({ op: 'reduce', function: name }, of(type, 5))
      same({ op: 'reduce', function: name, groups: 2 }, of(type, 6))
    }
  }
})

test('tables and categories', () => {
  for (const type of [...FLOATS, ...WHOLE, 'bool', 'text'] as const) {
    const odd = type === 'text' ? [2, -1, -2, 0] : [2, Number.NaN, -1, 0.5, -0]
    for (const keys of [[1, 0, 3, 1], odd, []]) {
      for (const to of [...FLOATS, ...WHOLE, 'bool', 'text'] as const) {
        const values = keys.map((_, at) => (to === 'bool' ? at % 2 : at % TEXTS.length))
        same({ op: 'lookup', keys, values, otherwise: to === 'bool' ? 0 : 3, to }, of(type))
      }
    }
    for (const to of FLOATS) same({ op: 'onehot', categories: [2, 0, type === 'text' ? -1 : -3, 1], unknown: 'zeros', to }, of(type, 1))
  }
})

test('linear models', () => {
  for (const type of FLOATS) {
    for (const biasFirst of [true, false]) {
      for (const skipMissing of [true, false]) {
        for (const outputs of [1, 3]) {
          const weights = Float64Array.from({ length: 4 * outputs }, (_, at) => at * 0.3 - 0.7)
          const bias = Float64Array.from({ length: outputs }, (_, at) => at + 0.1)
          same({ op: 'affine', outputs, weights, bias, biasFirst, skipMissing }, of(type, 4))
        }
      }
    }
  }
})

test('a row that no category fits is refused where the model refuses it', () => {
  const form = (categories: number[]): Form => ({
    version: 1,
    source: { format: 'onnx', version: '', objective: '' },
    inputs: [{ name: 'city', type: 'text', width: 1 }],
    steps: [{ op: 'onehot', of: [0], categories, unknown: 'error', to: 'f32' }],
    outputs: [{ name: 'y', value: 1, role: 'other', rank: 2 }],
    texts: TEXTS,
  })
  assert.deepEqual(compile(form([0, 1])).run({ city: ['b'] }, 1)['y'], Float32Array.of(0, 1))
  assert.throws(() => compile(form([0, 1])).run({ city: ['b', 'x'] }, 2), /city, row 1: is none of the categories/)
})

test('steps of types that they are not made for are refused when the form is compiled', () => {
  for (const [step, given] of [
    [{ op: 'arithmetic', operator: 'div', constant: [1] }, of('i64')],
    [{ op: 'compare', operator: 'and', constant: [1] }, of('f32')],
    [{ op: 'unary', function: 'exp' }, of('i32')],
    [{ op: 'unary', function: 'not' }, of('f32')],
    [{ op: 'scale', offset: [0], factor: [1], divide: false }, of('i64')],
    [{ op: 'reduce', function: 'sum', groups: 2 }, of('f32')],
    [{ op: 'cast', to: 'f32' }, of('text')],
    [{ op: 'onehot', categories: [1, 2, 1], unknown: 'zeros', to: 'f32' }, of('i64', 1)],
  ] as const) {
    assert.throws(
      () => same(step, given),
      (error) => error instanceof UnreadableModel || error instanceof CannotRun,
    )
  }
})

test('values that nothing else reads are made inside the wider value that they belong to', () => {
  const steps: Step[] = [
    { op: 'onehot', of: [0], categories: [0, 2], unknown: 'zeros', to: 'f32' },
    { op: 'onehot', of: [0], categories: [1, 3, 2, 0, -1], unknown: 'zeros', to: 'f32' },
    { op: 'columns', of: [1], indices: [2, 0] },
    { op: 'concat', of: [3, 1, 2] },
    { op: 'concat', of: [2, 5, 4, 4] },
    { op: 'columns', of: [6], indices: [1, 2, 3] },
    { op: 'concat', of: [7, 7] },
  ]
  const form = (...values: number[]): Form => ({
    version: 1,
    source: { format: 'onnx', version: '', objective: '' },
    inputs: [
      { name: 'city', type: 'text', width: 1 },
      { name: 'x', type: 'f32', width: 3 },
    ],
    steps,
    outputs: values.map((value) => ({ name: `y${value}`, value, role: 'other', rank: 2 })),
    texts: TEXTS,
  })
  const [city, x] = [elements(of('text', 1), 3) as Int32Array, elements(of('f32'), 4) as Float32Array]
  const texts = Array.from(city, (place) => TEXTS[place] ?? 'elsewhere')
  for (const values of [[6], [8], [6, 8], [6, 5], [6, 3], [2, 6], [8, 7, 6, 5, 4, 3, 2]]) {
    const whole = form(...values)
    const predictor = compile(whole, { block: 64 })
    const wanted = interpret(whole, [city, x], ROWS)
    const found = predictor.run({ city: texts, x }, ROWS)
    for (const [name, answer] of wanted) assert.deepEqual(oneNaN(found[name] as Float32Array), oneNaN(answer as Float32Array), `${name} of ${values}`)
    const first = predictor.run({ city: texts, x }, ROWS, [whole.outputs[0]!.name])
    assert.deepEqual(first[whole.outputs[0]!.name], found[whole.outputs[0]!.name])
  }
})

function formOf(inputs: Form['inputs'], steps: readonly Step[], values: readonly number[]): Form {
  const outputs = values.map((value) => ({ name: `y${value}`, value, role: 'other', rank: 2 }) as const)
  return { version: 1, source: { format: 'onnx', version: '', objective: '' }, inputs, steps, outputs, texts: TEXTS }
}

test('a position that has no label is refused, wherever it comes from: nothing is read behind the labels', () => {
  const best: Step = { op: 'argmax', of: [0], last: false }
  const labels = { op: 'choose', labels: [5, 6], to: 'i64' } as const
  const given = formOf([{ name: 'x', type: 'i32', width: 2 }], [{ ...labels, of: [0] }], [1])
  assert.deepEqual(compile(given).run({ x: Int32Array.of(1, 0) }, 1)['y1'], BigInt64Array.of(6n, 5n))
  for (const wrong of [-1, 2, 2 ** 31 - 1, -(2 ** 31)]) {
    const x = Int32Array.of(0, 1, 1, wrong)
    assert.throws(() => compile(given).run({ x }, 2), new RegExp(`input x, row 1: leads to label ${wrong} of 2`))
    assert.throws(() => interpret(given, [x], 2), RangeError)
  }
  const floats: Form['inputs'] = [{ name: 'x', type: 'f32', width: 2 }]
  const turned = formOf(floats, [best, { op: 'unary', of: [1], function: 'neg' }, { ...labels, of: [2] }], [3])
  assert.throws(() => compile(turned).run({ x: Float32Array.of(0, 1) }, 1), /leads to label -1/)
  const replaced = formOf(floats, [best, { op: 'replace', of: [1], what: 0, with: [1000] }, { ...labels, of: [2] }], [3])
  assert.throws(() => compile(replaced).run({ x: Float32Array.of(1, 0) }, 1), /leads to label 1000/)
})

test('a value under a second name is what it was under the first', () => {
  const steps: Step[] = [
    { op: 'columns', of: [0], indices: [2, 0] },
    { op: 'cast', of: [1], to: 'f32' },
    { op: 'concat', of: [2, 0] },
  ]
  const found = compile(formOf([{ name: 'x', type: 'f32', width: 3 }], steps, [3, 2])).run({ x: Float32Array.of(1, 2, 3) }, 1)
  assert.deepEqual(found, { y3: Float32Array.of(3, 1, 1, 2, 3), y2: Float32Array.of(3, 1) })
})
