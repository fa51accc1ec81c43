import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { compile, type Elements, type Form, interpret, readOnnx, UnreadableModel } from '../../packages/evaluator/src/index.ts'
import { type MadeAttribute, type MadeModel, type MadeNode, type MadeTensor, makeModel, stumps } from '../../packages/evaluator/src/testing/onnx.ts'
import { random } from '../../packages/evaluator/src/testing/random.ts'

const ROWS = 40
const ML = 'ai.onnx.ml'
const EDGES = [0, -0, 1, -1, 2, 0.5, -0.5, 2.5, 3, 1e-7, -1e-8, 100, -100]

/** Rows for the inputs of a model: edges and random numbers; NaN where `missing` says so. */
function rowsOf(form: Form, { missing, seed }: { missing: boolean; seed: number }): Elements[] {
  const next = random(seed)
  const edge = (): number => {
    if (missing && next() < 0.1) return Number.NaN
    return next() < 0.4 ? EDGES[Math.floor(next() * EDGES.length)]! : (next() - 0.5) * 6
  }
  return form.inputs.map(({ type, width }) => {
    const length = ROWS * width
    if (type === 'f32') return Float32Array.from({ length }, edge)
    if (type === 'f64') return Float64Array.from({ length }, edge)
    if (type === 'i64') return BigInt64Array.from({ length }, () => BigInt(Math.floor(next() * 9) - 4))
    if (type === 'bool') return Uint8Array.from({ length }, () => Math.floor(next() * 2))
    return Int32Array.from({ length }, () => Math.floor(next() * (type === 'text' ? form.texts.length + 1 : 9)) - 1)
  })
}

const KINDS = { f32: 'float32', f64: 'float64', i64: 'int64', i32: 'int32', bool: 'bool', text: 'string' } as const

/** What onnxruntime answers, and what the form answers, agree on random rows; plain and compiled are the same. */
async function agrees(model: MadeModel, how: { missing?: boolean; tolerance?: number } = {}): Promise<Form> {
  return agreesOn(makeModel(model), (name) => model.inputs.find((input) => input.name === name)!.shape!.length, how)
}

async function agreesOn(
  bytes: Uint8Array,
  rankOf: (input: string) => number,
  { missing = false, tolerance = 2e-6 }: { missing?: boolean; tolerance?: number } = {},
): Promise<Form> {
  const form = readOnnx(bytes)
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 4 })
  for (const seed of [1]) {
    const data = rowsOf(form, { missing, seed })
    const feeds = Object.fromEntries(
      form.inputs.map(({ name, type, width }, at) => {
        const elements = type === 'text' ? Array.from(data[at] as Int32Array, (place) => form.texts[place] ?? 'unheard of') : data[at]!
        return [name, new Tensor(KINDS[type], elements as never, rankOf(name) === 1 ? [ROWS] : [ROWS, width])]
      }),
    )
    const wanted = await session.run(
      feeds,
      form.outputs.filter(({ role, name }) => role !== 'probabilities' || name !== 'output_probability').map(({ name }) => name),
    )
    const plain = interpret(form, data, ROWS)
    for (const [name, answer] of Object.entries(wanted)) {
      const found = plain.get(name)!
      const { rank } = form.outputs.find((one) => one.name === name)!
      assert.equal(answer.dims.length, rank, `${name} has the dimensions ${answer.dims.join(', ')}`)
      assert.equal(found.length, answer.data.length, `${name} has ${found.length} elements`)
      const output = form.outputs.find((one) => one.name === name)!
      for (const [at, value] of Array.from(answer.data as ArrayLike<unknown>).entries()) {
        if (typeof value === 'string') assert.equal(form.texts[Number(found[at])], value)
        else {
          const [x, y] = [Number(found[at]), Number(value)]
          const exact = output.role === 'label' || typeof value !== 'number'
          assert.ok(Object.is(x, y) || x === y || (!exact && Math.abs(x - y) <= tolerance * (1 + Math.abs(y))), `${name}[${at}] is ${x}, onnxruntime has ${y}`)
        }
      }
    }
    const given = Object.fromEntries(form.inputs.map(({ name, type }, at) => [name, type === 'text' ? (feeds[name]!.data as string[]) : data[at]!]))
    const compiled = compile(form).run(given, ROWS)
    for (const [name, answer] of plain) {
      const found = Array.isArray(compiled[name]) ? Int32Array.from(compiled[name], (text) => form.texts.indexOf(text)) : (compiled[name] as Elements)
      assert.ok(
        answer.every((x, at) => Object.is(x, found[at])),
        `${name} compiled`,
      )
    }
  }
  return form
}

const X = { name: 'x', shape: ['N', 4] } as const
const Y = { name: 'y' } as const

function chain(...nodes: readonly (Omit<MadeNode, 'in' | 'out'> & { readonly in?: readonly string[] })[]): MadeNode[] {
  return nodes.map((node, at) => ({ ...node, in: [at === 0 ? 'x' : `v${at}`, ...(node.in ?? [])], out: [at === nodes.length - 1 ? 'y' : `v${at + 1}`] }))
}

const ints = (...data: number[]): MadeTensor => ({ type: 'i64', dims: [data.length], data })
const floats = (dims: readonly number[], data: readonly number[]): MadeTensor => ({ dims, data })

test('functions of one element', async () => {
  for (const op of ['Neg', 'Abs', 'Sign', 'Floor', 'Ceil', 'Round', 'Exp', 'Tanh', 'Sigmoid', 'Erf', 'Relu', 'Sqrt', 'Log', 'Reciprocal', 'Identity']) {
    await agrees({ nodes: chain({ op }), inputs: [X], outputs: [Y] }, { missing: true, tolerance: 1e-5 })
  }
})

test('arithmetic with constants of every shape, on either side', async () => {
  for (const op of ['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Min', 'Max']) {
    for (const c of [floats([], [2]), floats([4], [2, 3, 0.5, 1]), floats([1, 4], [2, 1, -1, 3]), floats([1, 1], [3])]) {
      await agrees({ nodes: [{ op, in: ['x', 'c'], out: ['y'] }], inputs: [X], outputs: [Y], initializers: { c } }, { missing: op !== 'Pow', tolerance: 1e-5 })
      if (op !== 'Pow') await agrees({ nodes: [{ op, in: ['c', 'x'], out: ['y'] }], inputs: [X], outputs: [Y], initializers: { c } }, { missing: true })
    }
  }
})

test('values meet element by element, one column standing for all', async () => {
  for (const op of ['Add', 'Sub', 'Mul', 'Div', 'Sum', 'Mean', 'Max']) {
    await agrees({ nodes: [{ op, in: ['x', 'z'], out: ['y'] }], inputs: [X, { name: 'z', shape: ['N', 1] }], outputs: [Y] }, { missing: true })
    await agrees({ nodes: [{ op, in: ['z', 'x'], out: ['y'] }], inputs: [X, { name: 'z', shape: ['N', 4] }], outputs: [Y] })
  }
})

test('comparisons, truth values and choices', async () => {
  const c = floats([4], [0, 1, -1, 0.5])
  for (const op of ['Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual', 'Equal']) {
    const nodes: MadeNode[] = [
      { op, in: ['x', 'c'], out: ['b'] },
      { op: 'Not', in: ['b'], out: ['n'] },
      { op: 'Where', in: ['b', 'x', 'c'], out: ['w'] },
      { op: 'IsNaN', in: ['x'], out: ['m'] },
      { op: 'Or', in: ['n', 'm'], out: ['o'] },
    ]
    await agrees({ nodes, inputs: [X], outputs: [{ name: 'o', type: 'bool' }, { name: 'w' }], initializers: { c } }, { missing: true })
  }
})

test('what moves columns', async () => {
  const inits = {
    one: ints(1),
    zero: ints(0),
    four: ints(4),
    minus: ints(-1),
    pair: ints(-1, 2, 2),
    back: ints(-1, 4),
    big: ints(2 ** 53),
    mixed: ints(3, 0, 0),
  }
  const nodesOf = {
    slice: chain({ op: 'Slice', in: ['one', 'big', 'one'] }),
    backwards: chain({ op: 'Slice', in: ['minus', 'low', 'one', 'minus'] }),
    gather: chain({ op: 'Gather', in: ['mixed'], attributes: { axis: 1 } }),
    turned: chain({ op: 'Reshape', in: ['pair'] }, { op: 'Transpose', attributes: { perm: [0, 2, 1] } }, { op: 'Reshape', in: ['back'] }),
    squares: chain({ op: 'Reshape', in: ['pair'] }, { op: 'ReduceSum', in: ['one'], attributes: { keepdims: 0 } }),
    joined: chain({ op: 'Reshape', in: ['pair'] }, { op: 'Concat', in: ['v1'], attributes: { axis: 1 } }, { op: 'Flatten' }),
    picked: chain({ op: 'ArrayFeatureExtractor', domain: ML, in: ['mixed'] }),
    expanded: chain({ op: 'Unsqueeze', in: ['one'] }, { op: 'Expand', in: ['wide'] }, { op: 'Flatten' }),
    squeezed: chain({ op: 'ReduceSum', in: ['one'] }, { op: 'Squeeze', in: ['one'] }),
  }
  for (const nodes of Object.values(nodesOf))
    await agrees({ nodes, inputs: [X], outputs: [Y], initializers: { ...inits, low: ints(-(2 ** 52)), wide: ints(1, 3, 1) } }, { missing: true })
  const parts = [
    { op: 'Split', in: ['x'], out: ['a', 'b'], attributes: { axis: 1, num_outputs: 2 } },
    { op: 'Sub', in: ['b', 'a'], out: ['y'] },
  ]
  await agrees({ nodes: parts, inputs: [X], outputs: [Y] })
})

test('columns come together', async () => {
  for (const op of ['ReduceSum', 'ReduceMean', 'ReduceL1', 'ReduceL2', 'ReduceSumSquare', 'ReduceProd', 'ReduceLogSumExp']) {
    for (const keepdims of [0, 1]) {
      await agrees(
        { nodes: chain({ op, in: ['one'], attributes: { keepdims } }), inputs: [X], outputs: [Y], initializers: { one: ints(1) } },
        { missing: true, tolerance: 1e-4 },
      )
    }
  }
  for (const op of ['ArgMax', 'ArgMin']) {
    for (const select_last_index of [0, 1]) {
      await agrees(
        { nodes: chain({ op, attributes: { axis: 1, keepdims: 0, select_last_index } }), inputs: [X], outputs: [{ ...Y, type: 'i64' }] },
        { missing: true },
      )
    }
  }
  for (const opset of [11, 13]) await agrees({ nodes: chain({ op: 'Softmax', attributes: { axis: 1 } }), inputs: [X], outputs: [Y], opset, ir: 7 })
  for (const p of [1, 2]) await agrees({ nodes: chain({ op: 'LpNormalization', attributes: { axis: 1, p } }), inputs: [X], outputs: [Y] })
})

test('products with matrices', async () => {
  const W = floats(
    [4, 3],
    Array.from({ length: 12 }, (_, at) => at * 0.3 - 1.5),
  )
  const T = floats(
    [3, 4],
    Array.from({ length: 12 }, (_, at) => 1 - at * 0.2),
  )
  const gemm = (attributes: Record<string, MadeAttribute>, w: string, c: readonly string[]) => chain({ op: 'Gemm', in: [w, ...c], attributes })
  for (const c of [floats([3], [1, 2, 3]), floats([1, 3], [1, 2, 3]), floats([], [2])]) {
    await agrees({ nodes: gemm({}, 'W', ['c']), inputs: [X], outputs: [Y], initializers: { W, c } })
    await agrees({ nodes: gemm({ transB: 1, alpha: { float: 0.5 }, beta: { float: 2 } }, 'T', ['c']), inputs: [X], outputs: [Y], initializers: { T, c } })
  }
  await agrees({ nodes: chain({ op: 'MatMul', in: ['W'] }), inputs: [X], outputs: [Y], initializers: { W } })
  await agrees({ nodes: chain({ op: 'MatMul', in: ['v'] }), inputs: [X], outputs: [Y], initializers: { v: floats([4], [1, -2, 0.5, 3]) } })
})

test('casts between numbers', async () => {
  const types = { f32: 1, i32: 6, i64: 7, bool: 9, f64: 11 } as const
  for (const from of ['f32', 'f64', 'i64', 'i32', 'bool'] as const) {
    for (const [type, to] of Object.entries(types) as [keyof typeof types, number][]) {
      await agrees({ nodes: chain({ op: 'Cast', attributes: { to } }), inputs: [{ ...X, type: from }], outputs: [{ ...Y, type }] })
    }
  }
})

test('preparation of columns, of every type that onnxruntime takes', async () => {
  const scaled = { offset: { floats: [0.1, 1, -2, 3] }, scale: { floats: [3.3, 1, 0.5, -1] } }
  for (const type of ['f32', 'f64', 'i64', 'i32'] as const) {
    await agrees({ nodes: chain({ op: 'Scaler', domain: ML, attributes: scaled }), inputs: [{ ...X, type }], outputs: [Y] })
    for (const norm of ['MAX', 'L1', 'L2'])
      await agrees({ nodes: chain({ op: 'Normalizer', domain: ML, attributes: { norm } }), inputs: [{ ...X, type }], outputs: [Y] })
    if (type !== 'i32')
      await agrees({
        nodes: chain({ op: 'OneHotEncoder', domain: ML, attributes: { cats_int64s: [0, 2, -1], zeros: 1 } }, { op: 'Flatten' }),
        inputs: [{ ...X, type }],
        outputs: [Y],
      })
    await agrees({
      nodes: chain({ op: 'FeatureVectorizer', domain: ML, in: ['x'], attributes: { inputdimensions: [4, 4] } }),
      inputs: [{ ...X, type }],
      outputs: [Y],
    })
  }
  for (const norm of ['MAX', 'L1', 'L2'])
    await agrees({ nodes: chain({ op: 'Normalizer', domain: ML, attributes: { norm } }), inputs: [X], outputs: [Y] }, { missing: true })
  await agrees({ nodes: chain({ op: 'Binarizer', domain: ML, attributes: { threshold: { float: 0.5 } } }), inputs: [X], outputs: [Y] })
  const binarizer = { nodes: chain({ op: 'Binarizer', domain: ML, attributes: {} }), inputs: [X], outputs: [Y] }
  assert.throws(() => compile(readOnnx(makeModel(binarizer))).run({ x: Float32Array.of(1, 2, Number.NaN, 3) }, 1), /input x, row 0/)
  for (const what of [Number.NaN, 0]) {
    const attributes = { imputed_value_floats: { floats: [1, 2, 3, 4] }, replaced_value_float: { float: what } }
    await agrees({ nodes: chain({ op: 'Imputer', domain: ML, attributes }), inputs: [X], outputs: [Y] }, { missing: true })
  }
  await agrees({
    nodes: chain({ op: 'Imputer', domain: ML, attributes: { imputed_value_int64s: [9], replaced_value_int64: 2 } }),
    inputs: [{ ...X, type: 'i64' }],
    outputs: [{ ...Y, type: 'i64' }],
  })
})

test('encoders from and to every kind', async () => {
  const keys = { text: { keys_strings: ['a', 'b'] }, i64: { keys_int64s: [1, -1] }, f32: { keys_floats: { floats: [0.5, 2] } } } as const
  const values = { text: { values_strings: ['p', 'q'] }, i64: { values_int64s: [7, -8] }, f32: { values_floats: { floats: [0.25, -3] } } } as const
  for (const from of ['text', 'i64', 'f32'] as const) {
    for (const to of ['text', 'i64', 'f32'] as const) {
      const model = { inputs: [{ ...X, type: from }], outputs: [{ ...Y, type: to }] }
      for (const ml of [2, 4])
        await agrees(
          { ...model, ml, nodes: chain({ op: 'LabelEncoder', domain: ML, attributes: { ...keys[from], ...values[to] } }) },
          { missing: from === 'f32' },
        )
    }
  }
  const tensors = {
    keys_tensor: { type: 'f64', dims: [2], data: [Number.NaN, 1] },
    values_tensor: { type: 'f64', dims: [2], data: [5, 6] },
    default_tensor: { type: 'f64', dims: [1], data: [-1] },
  } as const
  await agrees(
    { nodes: chain({ op: 'LabelEncoder', domain: ML, attributes: tensors }), inputs: [{ ...X, type: 'f64' }], outputs: [{ ...Y, type: 'f64' }], ml: 4 },
    { missing: true },
  )
  for (const [from, to] of [
    ['text', 'i64'],
    ['i64', 'text'],
  ] as const) {
    await agrees({
      nodes: chain({ op: 'LabelEncoder', domain: ML, attributes: { classes_strings: ['a', 'b'] } }),
      inputs: [{ ...X, type: from }],
      outputs: [{ ...Y, type: to }],
      ml: 1,
    })
    await agrees({
      nodes: chain({ op: 'CategoryMapper', domain: ML, attributes: { cats_strings: ['a', 'b'], cats_int64s: [3, 1] } }),
      inputs: [{ ...X, type: from }],
      outputs: [{ ...Y, type: to }],
    })
  }
})

test('linear models, with every transform', async () => {
  for (const post_transform of ['NONE', 'LOGISTIC', 'SOFTMAX', 'SOFTMAX_ZERO']) {
    for (const count of [1, 2, 3]) {
      const coefficients = { floats: Array.from({ length: count * 4 }, (_, at) => Math.sin(at * 3)) }
      const intercepts = { floats: Array.from({ length: count }, (_, at) => at * 0.3 - 0.2) }
      const classifier = { coefficients, intercepts, post_transform, classlabels_ints: count === 1 ? [4, 9] : [4, 9, -2].slice(0, count) }
      const node: MadeNode = { op: 'LinearClassifier', domain: ML, in: ['x'], out: ['label', 'y'], attributes: classifier }
      for (const type of ['f32', 'i64'] as const)
        await agrees({ nodes: [node], inputs: [{ ...X, type }], outputs: [{ name: 'label', type: 'i64' }, Y] }, { missing: true })
      await agrees({
        nodes: chain({ op: 'LinearRegressor', domain: ML, attributes: { coefficients, intercepts, targets: count, post_transform } }),
        inputs: [X],
        outputs: [Y],
      })
    }
  }
})

const XX = { name: 'x', shape: ['N', 2] } as const
const LABEL = { name: 'label', type: 'i64' } as const

test('tree ensembles of two classes, as onnxruntime makes two scores of one', async () => {
  for (const post_transform of ['NONE', 'LOGISTIC', 'SOFTMAX', 'SOFTMAX_ZERO']) {
    for (const weights of [
      [0.1, 0.2, 0.25, 0.5],
      [0.1, -0.2, -0.3, 0.6],
      [0, 0.5, 0, 0.5],
    ]) {
      for (const base of [{}, { base_values: { floats: [0.3] } }, { base_values: { floats: [-1] } }]) {
        const classes = { class_treeids: [0, 0, 1, 1], class_nodeids: [1, 2, 1, 2], class_ids: [0, 0, 0, 0], class_weights: { floats: weights } }
        const attributes = stumps(2, { ...classes, classlabels_int64s: [10, 11], post_transform, ...base })
        await agrees(
          { nodes: [{ op: 'TreeEnsembleClassifier', domain: ML, in: ['x'], out: ['label', 'y'], attributes }], inputs: [XX], outputs: [LABEL, Y] },
          { missing: true },
        )
      }
    }
  }
})

test('tree ensembles of several classes and targets', async () => {
  const several = (of: 'class' | 'target', weights: readonly number[]) => ({
    [`${of}_treeids`]: [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1],
    [`${of}_nodeids`]: [1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2],
    [`${of}_ids`]: [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2],
    [`${of}_weights`]: { floats: weights },
  })
  const weights = Array.from({ length: 12 }, (_, at) => Math.cos(at * 5))
  for (const post_transform of ['NONE', 'LOGISTIC', 'SOFTMAX', 'SOFTMAX_ZERO']) {
    for (const base of [{}, { base_values: { floats: [0.5, -1, 0.1] } }]) {
      const classes = stumps(2, { ...several('class', weights), classlabels_int64s: [5, 1, 3], post_transform, ...base })
      await agrees({
        nodes: [{ op: 'TreeEnsembleClassifier', domain: ML, in: ['x'], out: ['label', 'y'], attributes: classes }],
        inputs: [XX],
        outputs: [LABEL, Y],
      })
      for (const aggregate_function of ['SUM', 'AVERAGE', 'MIN', 'MAX']) {
        const targets = stumps(2, { ...several('target', weights), n_targets: 3, aggregate_function, post_transform, ...base })
        await agrees({ nodes: chain({ op: 'TreeEnsembleRegressor', domain: ML, attributes: targets }), inputs: [XX], outputs: [Y] }, { missing: true })
      }
    }
  }
})

test('trees over doubles compare doubles', async () => {
  const target = { target_treeids: [0, 0], target_nodeids: [1, 2], target_ids: [0, 0], n_targets: 1 }
  const single = stumps(1, { ...target, target_weights: { floats: [1, 2] } })
  await agrees(
    { nodes: chain({ op: 'TreeEnsembleRegressor', domain: ML, attributes: single }), inputs: [{ ...XX, type: 'f64' }], outputs: [Y] },
    { missing: true },
  )
  const doubles = (data: readonly number[]): MadeTensor => ({ type: 'f64', dims: [data.length], data })
  const { nodes_values: _, ...rest } = stumps(1, { ...target, nodes_values_as_tensor: doubles([0.1, 0, 0]), target_weights_as_tensor: doubles([0.1, 0.7]) })
  await agrees(
    { nodes: chain({ op: 'TreeEnsembleRegressor', domain: ML, attributes: rest }), inputs: [{ ...XX, type: 'f64' }], outputs: [Y] },
    { missing: true },
  )
})

test('what onnxruntime answers in ways of its own is left to it', () => {
  const classes = (ids: readonly number[], more: Record<string, MadeAttribute> = {}) =>
    stumps(2, {
      class_treeids: [0, 0, 1, 1],
      class_nodeids: [1, 2, 1, 2],
      class_ids: ids,
      class_weights: { floats: [0.1, -0.2, 0.3, 0.4] },
      classlabels_int64s: [10, 11],
      ...more,
    })
  const cases: [Record<string, MadeAttribute>, RegExp][] = [
    [classes([1, 1, 1, 1]), /the second has weights of its own/],
    [classes([0, 1, 0, 1]), /the second has weights of its own/],
    [classes([0, 0, 0, 0], { base_values: { floats: [1, 2] } }), /two base values/],
    [classes([0, 0, 0, 0], { post_transform: 'PROBIT' }), /PROBIT/],
    [classes([0, 1, 0, 2], { classlabels_int64s: [1, 2, 3] }), /no weight for some class/],
    [classes([0, 0, 0, 0], { classlabels_int64s: [1] }), /1 classes/],
  ]
  for (const [attributes, why] of cases) {
    const model = { nodes: [{ op: 'TreeEnsembleClassifier', domain: ML, in: ['x'], out: ['label', 'y'], attributes }], inputs: [XX], outputs: [LABEL, Y] }
    assert.throws(
      () => readOnnx(makeModel(model)),
      (error) => error instanceof UnreadableModel && error.reason === 'unsupported' && why.test(error.message),
    )
  }
})

test('a whole pipeline with texts: encoders, a scaler in doubles, trees or a linear model', async () => {
  for (const file of ['credit_v1.onnx', 'credit_v2_tensor.onnx']) {
    const bytes = new Uint8Array(readFileSync(join(import.meta.dirname, '../../packages/platform/src/model/testdata/onnx', file)))
    const form = await agreesOn(bytes, () => 2)
    assert.deepEqual(
      form.outputs.map(({ role, classes }) => [role, classes]),
      [
        ['label', undefined],
        ['probabilities', [0, 1]],
      ],
    )
  }
})
