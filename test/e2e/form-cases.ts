import type { ElementType } from '../../packages/evaluator/src/form/element.ts'
import type { Step } from '../../packages/evaluator/src/form/steps.ts'
import { TEST } from '../../packages/evaluator/src/form/trees.ts'
import { compile, type Elements, encodeForm, explainer, type Form } from '../../packages/evaluator/src/index.ts'
import { ALL_RULES, formOf, type Kind, random, randomRows, randomTrees } from '../../packages/evaluator/src/testing/random.ts'
import { withCover } from '../../packages/evaluator/src/testing/shapley.ts'

/** A form and rows for it, as bytes: what comes of it must be the same everywhere. */
export interface Case {
  readonly name: string
  readonly form: Uint8Array
  readonly inputs: readonly Elements[]
  readonly rows: number
  /** What is asked for: the outputs, or what the columns contribute to them, against a background or not. */
  readonly asks: 'outputs' | 'paths' | 'pairs'
}

const ROWS = 70
const FLOATS = ['f32', 'f64'] as const
const WHOLE = ['i64', 'i32'] as const
const TYPES = [...FLOATS, ...WHOLE, 'bool'] as const
const TEXTS = ['a', 'b', 'c', 'ü']
const EDGES = [0, -0, 1, -1, 0.5, -0.5, 2.5, 1e-40, 1e300, -1e300, 5e9, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]

interface Given {
  readonly type: ElementType
  readonly width: number
}

const of = (type: ElementType, width = 3): Given => ({ type, width })

/** Elements of a type, edges among them. */
function elements({ type, width }: Given, seed: number): Elements {
  const next = random(seed)
  const below = (n: number): number => Math.floor(next() * n)
  const length = ROWS * width
  if (type === 'text') return Int32Array.from({ length }, () => below(TEXTS.length + 2) - 2)
  if (type === 'bool') return Uint8Array.from({ length }, () => below(2))
  if (type === 'i32') return Int32Array.from({ length }, () => (below(5) === 0 ? below(2 ** 32) - 2 ** 31 : below(9) - 4))
  if (type === 'i64') return BigInt64Array.from({ length }, () => (below(5) === 0 ? BigInt(below(2 ** 32)) << 32n : BigInt(below(9) - 4)))
  const numbers = Array.from({ length }, () => (below(3) === 0 ? EDGES[below(EDGES.length)]! : below(3) === 0 ? below(9) - 4 : (next() - 0.5) * 10 ** below(4)))
  return type === 'f32' ? Float32Array.from(numbers) : Float64Array.from(numbers)
}

/** A form of some steps: each reads the values that it names, or all inputs. */
function caseOf(steps: readonly object[], given: readonly Given[], required?: readonly number[]): Case {
  const form: Form = {
    version: 1,
    source: { format: 'onnx', version: '', objective: '' },
    inputs: given.map(({ type, width }, at) => ({ name: `x${at}`, type, width, ...(required ? { required } : {}) })),
    steps: steps.map((step) => ({ of: given.map((_, at) => at), ...step }) as unknown as Step),
    outputs: [{ name: 'y', value: given.length + steps.length - 1, role: 'other', rank: 2 }],
    texts: TEXTS,
  }
  const name = JSON.stringify([steps, given]).slice(0, 200)
  return { name, form: encodeForm(form), inputs: given.map((one, at) => elements(one, at + 1)), rows: ROWS, asks: 'outputs' }
}

function* stepCases(): Generator<Case> {
  for (const from of TYPES) for (const to of TYPES) yield caseOf([{ op: 'cast', to }], [of(from)])
  for (const type of [...TYPES, 'text'] as const) {
    yield caseOf([{ op: 'concat' }], [of(type, 1), of(type, 4)])
    yield caseOf([{ op: 'columns', indices: [2, 0, 2, 1] }], [of(type)])
    yield caseOf([{ op: 'where' }], [of('bool'), of(type), of(type, 1)])
    for (const to of [...TYPES, 'text'] as const) yield caseOf([{ op: 'lookup', keys: [1, 0, 3], values: [1, 0, 1], otherwise: 0, to }], [of(type)])
    for (const to of FLOATS) yield caseOf([{ op: 'onehot', categories: [2, 0, 1], unknown: 'zeros', to }], [of(type, 1)])
    if (type !== 'bool') yield caseOf([{ op: 'replace', what: 1, with: [0, 2, 3] }], [of(type)])
  }
  for (const type of FLOATS) yield* floatCases(type)
  for (const type of WHOLE) {
    for (const operator of ['add', 'sub', 'mul', 'min', 'max']) yield caseOf([{ op: 'arithmetic', operator, constant: [3, -2, 0] }], [of(type)])
    for (const name of ['neg', 'abs', 'sign', 'relu']) yield caseOf([{ op: 'unary', function: name }], [of(type)])
  }
  for (const type of [...FLOATS, ...WHOLE] as const) {
    for (const operator of ['lt', 'le', 'gt', 'ge', 'eq', 'ne']) yield caseOf([{ op: 'compare', operator, constant: [1] }], [of(type)])
    yield caseOf([{ op: 'argmax', last: true }], [of(type, 4)])
  }
  for (const operator of ['and', 'or', 'xor']) yield caseOf([{ op: 'compare', operator }], [of('bool'), of('bool', 1)])
  yield caseOf([{ op: 'unary', function: 'not' }], [of('bool')])
  for (const to of ['i64', 'f32', 'f64', 'text'])
    yield caseOf(
      [
        { op: 'argmax', last: false },
        { op: 'choose', of: [1], labels: [3, 1, 2], to },
      ],
      [of('f32')],
    )
  for (const type of [...FLOATS, 'text'] as const) yield caseOf([{ op: 'columns', indices: [0] }], [of(type, 2)], [1])
}

function* floatCases(type: 'f32' | 'f64'): Generator<Case> {
  for (const operator of ['add', 'sub', 'mul', 'div', 'pow', 'min', 'max', 'mod']) yield caseOf([{ op: 'arithmetic', operator }], [of(type), of(type, 1)])
  for (const name of ['neg', 'abs', 'sign', 'relu', 'floor', 'ceil', 'round', 'reciprocal', 'sqrt', 'exp', 'log', 'tanh', 'sigmoid', 'erf', 'isnan'])
    yield caseOf([{ op: 'unary', function: name }], [of(type)])
  for (const name of ['sigmoid', 'softmax', 'softmax-zero', 'exp', 'log1pexp', 'signed-square', 'probit', 'step', 'complement'])
    for (const scale of [1, 0.7]) yield caseOf([{ op: 'link', function: name, scale }], [of(type, 4)])
  for (const name of ['sum', 'mean', 'min', 'max', 'l1', 'l2', 'sumsquare', 'prod']) yield caseOf([{ op: 'reduce', function: name }], [of(type, 5)])
  for (const norm of ['l1', 'l2', 'max']) yield caseOf([{ op: 'normalize', norm }], [of(type)])
  for (const divide of [true, false]) yield caseOf([{ op: 'scale', offset: [0.1, 2, 1e30], factor: [3.3, 0, -1], divide }], [of(type)])
  for (const outputs of [1, 2, 3]) {
    const linear = { op: 'affine', outputs, bias: new Float64Array(outputs).fill(0.1), biasFirst: outputs === 2, skipMissing: outputs === 3 }
    yield caseOf([{ ...linear, weights: Float64Array.from({ length: 4 * outputs }, (_, at) => at * 0.3 - 0.7) }], [of(type, 4)])
    const onehot = (input: number) => ({ op: 'onehot', of: [input], categories: [2, 0, 1], unknown: 'zeros', to: type })
    const weights = Float64Array.from({ length: 8 * outputs }, (_, at) => at * 0.3 - 0.7)
    const given = [of('text', 1), of('i64', 1), of(type, 2)]
    yield caseOf([onehot(0), onehot(1), { op: 'concat', of: [3, 2, 4] }, { ...linear, of: [5], weights, skipMissing: false }], given)
  }
}

const RANKED = ALL_RULES.filter((rule) => (rule & 3) !== TEST.equal)

function* treeCases(): Generator<Case> {
  const kinds: Kind[] = [
    { rules: RANKED, infinite: false, splits: 62 },
    { rules: RANKED, infinite: false, splits: 100, outputs: 3, more: { leaf: 'vector' } },
    { rules: ALL_RULES, shape: 'deep' },
    { rules: ALL_RULES, splits: 1500, trees: 70 },
    { splits: 34_000, trees: 1 },
    { more: { aggregate: 'min', baseFirst: false } },
    { outputs: 2, more: { baseFirst: false, divisor: 7 } },
  ]
  for (const compare of FLOATS) for (const sum of FLOATS) for (const kind of kinds) yield treeCase({ ...kind, compare, sum }, 'outputs')
  for (const compare of FLOATS) for (const asks of ['paths', 'pairs'] as const) yield treeCase({ compare, sum: compare, rules: ALL_RULES, trees: 5 }, asks)
}

function treeCase(kind: Kind, asks: Case['asks']): Case {
  const trees = withCover(randomTrees(kind))
  const data = randomRows(trees, ROWS)
  const rows = trees.compare === 'f32' ? Float32Array.from(data) : data
  return { name: JSON.stringify([kind, asks]), form: encodeForm(formOf(trees, trees.compare)), inputs: [rows], rows: ROWS, asks }
}

/** Every kernel, with what it has most trouble with. */
export function* formCases(): Generator<Case> {
  yield* stepCases()
  yield* treeCases()
}

/** What a form says of all rows, and of the first one alone. NaN has many bits, and machines are free to choose among them: here it has one. */
export function answersOf(form: Form, { inputs, rows, asks }: Pick<Case, 'inputs' | 'rows' | 'asks'>): Elements[] {
  if (asks !== 'outputs') {
    const given = Float64Array.from(inputs[0] as Float64Array)
    const background = { rows: given.slice(0, 3 * form.inputs[0]!.width), count: 3 }
    return [oneNaN(explainer(form, asks === 'pairs' ? { background } : {}).explain(given, rows))]
  }
  const predictor = compile(form)
  return [rows, 1].flatMap((count) => {
    const answers = predictor.shapes.map(({ type, width }): Elements => {
      if (type === 'f32') return new Float32Array(count * width)
      if (type === 'f64') return new Float64Array(count * width)
      if (type === 'i64') return new BigInt64Array(count * width)
      return type === 'bool' ? new Uint8Array(count * width) : new Int32Array(count * width)
    })
    try {
      const some = inputs.map((all, at) => all.slice(0, count * form.inputs[at]!.width))
      predictor.runInto(some, count, answers)
    } catch (error) {
      // a row that is refused is an answer as well
      answers.push(Int32Array.from(String(error), (character) => character.charCodeAt(0)))
    }
    return answers.map(oneNaN)
  })
}

function oneNaN(elements: Elements): Elements {
  return elements instanceof Float32Array || elements instanceof Float64Array ? elements.map((x) => (Number.isNaN(x) ? Number.NaN : x)) : elements
}
