import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkForm, compile, type Elements, type Form, type Input, interpret, readOnnx, UnreadableModel } from '../../packages/evaluator/src/index.ts'
import { type Cells, caseExchanges, caseHas, caseTable, type Exchange, type ModelCase, modelBytes, modelCases, type Tolerance } from './load.ts'

type Answers = ReadonlyMap<string, Elements>
type Evaluate = (form: Form, inputs: readonly Elements[], rows: number) => Answers

/** Compiled, through the names of inputs; texts come back as their places. */
const compiled: Evaluate = (form, inputs, rows) => {
  const texts = new Map(form.texts.map((text, at) => [text, at]))
  const given = form.inputs.map(({ name, type }, at): [string, Elements | string[]] => {
    const elements = inputs[at]!
    return [name, type === 'text' ? Array.from(elements as Int32Array, (place) => form.texts[place] ?? 'none of them') : elements]
  })
  const answers = compile(form).run(Object.fromEntries(given), rows)
  return new Map(
    form.outputs.map(({ name }) => {
      const answer = answers[name]!
      return [name, Array.isArray(answer) ? Int32Array.from(answer, (text) => texts.get(text)!) : answer]
    }),
  )
}

/** What one case asks of a model: rows in, and for each output what comes out. */
interface Asked {
  readonly rows: number
  readonly inputs: readonly Elements[]
  readonly expected: readonly { name: string; values: readonly (string | number | bigint)[] }[]
}

function elementsOf(form: Form, { type }: Input, values: readonly unknown[]): Elements {
  if (type === 'text') {
    const places = new Map(form.texts.map((text, at) => [text, at]))
    return Int32Array.from(values, (value) => places.get(String(value)) ?? -1)
  }
  if (type === 'i64') return BigInt64Array.from(values, (value) => BigInt(value as number | bigint))
  const numbers = values.map((value) => Number(value))
  if (type === 'f32') return Float32Array.from(numbers)
  if (type === 'f64') return Float64Array.from(numbers)
  return type === 'bool' ? Uint8Array.from(numbers) : Int32Array.from(numbers)
}

/** Rows and answers of a table: columns of an input side by side, outputs as `name` or `name.key`. */
function askedOfTable(form: Form, one: ModelCase): Asked[] {
  const rows = caseTable(one, 'rows.parquet')
  const expected = caseTable(one, 'expected.parquet')
  const inputs = form.inputs.map((input) => {
    const names = one.inputs?.find(({ name }) => name === input.name)?.columns ?? [input.name]
    assert.equal(names.length, input.width)
    const cells = names.map((name) => rows.columns.get(name)!)
    return elementsOf(
      form,
      input,
      Array.from({ length: rows.rows * input.width }, (_, at) => cells[at % input.width]![Math.floor(at / input.width)]),
    )
  })
  const outputs = form.outputs.map(({ name, classes }) => {
    const columns = expected.columns.has(name) ? [name] : [...expected.columns.keys()].filter((column) => column.startsWith(`${name}.`))
    assert.ok(columns.length > 0, `${one.id}: nothing is expected of ${name}`)
    if (classes && columns.length > 1 && columns[0] !== `${name}.0`)
      assert.deepEqual(
        columns.map((column) => column.slice(name.length + 1)),
        classes.map(String),
      )
    const cells = columns.map((column) => expected.columns.get(column) as Cells)
    return {
      name,
      values: Array.from({ length: rows.rows * columns.length }, (_, at) => cells[at % columns.length]![Math.floor(at / columns.length)] as string | number),
    }
  })
  return [{ rows: rows.rows, inputs, expected: outputs }]
}

function askedOfExchanges(form: Form, one: ModelCase): Asked[] {
  return caseExchanges(one)
    .filter(({ error }) => error === undefined)
    .map((exchange) => askedOfExchange(form, exchange))
}

function askedOfExchange(form: Form, { inputs, outputs = [] }: Exchange): Asked {
  const given = form.inputs.map((input) => elementsOf(form, input, inputs.find(({ name }) => name === input.name)!.data))
  const rows = inputs[0]!.shape[0]!
  const expected = form.outputs.map(({ name, classes, rank }) => {
    const tensor = outputs.find((output) => output.name === name)!
    if (tensor.value !== undefined) {
      const maps = tensor.value as { key: string | number; value: number }[][]
      return { name, values: maps.flatMap((map) => classes!.map((key) => map.find((entry) => entry.key === key)!.value)) }
    }
    assert.equal(tensor.shape.length, rank, `${name} has ${tensor.shape.length} dimensions`)
    return { name, values: tensor.data.map((value) => (typeof value === 'boolean' ? Number(value) : value)) }
  })
  return { rows, inputs: given, expected }
}

function askedOf(form: Form, one: ModelCase): Asked[] {
  return caseHas(one, 'io.json') ? askedOfExchanges(form, one) : askedOfTable(form, one)
}

function compare(form: Form, answers: Answers, asked: Asked, { abs, rel }: Tolerance): void {
  for (const { name, values } of asked.expected) {
    const found = answers.get(name)!
    assert.equal(found.length, values.length, `${name} has ${found.length} elements`)
    const output = form.outputs.find((one) => one.name === name)!
    for (const [at, value] of values.entries()) {
      const got = found[at]!
      const row = Math.floor(at / (values.length / asked.rows))
      if (typeof value === 'string' && !NOT_FINITE.has(value)) {
        assert.equal(form.texts[Number(got)], value, `${name}, row ${row}`)
        continue
      }
      const [x, y] = [Number(got), Number(value)]
      const exact = output.role === 'label' || typeof got === 'bigint'
      const fits = got === value || Object.is(x, y) || (x === y && typeof value !== 'bigint') || (!exact && Math.abs(x - y) <= abs + rel * Math.abs(y))
      assert.ok(fits, `${name}, row ${row}: ${x} where ${y} is expected`)
    }
  }
}

const NOT_FINITE: ReadonlySet<string> = new Set(['NaN', 'Infinity', '-Infinity'])

/** What is left to ONNX Runtime, and the words that say why: operators that are not read, or what of the model is not rows. */
const LEFT: Readonly<Record<string, string>> = {
  'hm-all-types': 'its elements are of ONNX type 10',
  'hm-contrib-op': '(com.microsoft:FastGelu)',
  'hm-conv': '(Conv)',
  'hm-custom-op': '(com.acme.special:FancyScore)',
  'hm-dynamic-quantize': '(DynamicQuantizeLinear)',
  'hm-external-data': 'its values lie in another file',
  'hm-external-data-subfolder': 'its values lie in another file',
  'hm-fp16-math': 'its elements are of ONNX type 10',
  'hm-if': '(If)',
  'hm-initializer-default-input': 'callers may replace its default',
  'hm-inside-bfloat16': 'it casts to the ONNX type 16',
  'hm-inside-float8e4m3': 'it casts to the ONNX type 17',
  'hm-inside-int4': 'it casts to the ONNX type 22',
  'hm-io-bfloat16': 'its elements are of ONNX type 16',
  'hm-ir-99': 'version 99 of the file format is not one of 3 to 13',
  'hm-local-function': '(local.ops:ScaleShift)',
  'hm-loop': '(Loop)',
  'hm-lstm': '(LSTM)',
  'hm-map-input': '(ai.onnx.ml:DictVectorizer)',
  'hm-no-inputs': 'it is the same for all rows',
  'hm-opset-999': 'version 999 of ai.onnx is not one of 7 to 26',
  'hm-optional-input': '(OptionalHasElement)',
  'hm-qdq': '(QuantizeLinear)',
  'hm-qlinear': '(QuantizeLinear)',
  'hm-quantized-uint8-io': '(DequantizeLinear)',
  'hm-random': '(RandomNormalLike)',
  'hm-run-error': 'its inputs count rows by several names: N, K',
  'hm-scan': '(Scan)',
  'hm-sequence-input': '(ConcatFromSequence)',
  'hm-sequence-output': '(SplitToSequence)',
  'hm-several-in-out': 'it is a text as it was given',
  'hm-shape-all-dynamic': 'it has 4 dimensions; 1 and 2 are read',
  'hm-shape-anonymous': 'its second dimension is not a number',
  'hm-shape-batch-not-first': 'its first dimension is 3 and not any number of rows',
  'hm-shape-batch-one': 'its first dimension is 1 and not any number of rows',
  'hm-shape-couples-rows': 'it brings rows together',
  'hm-shape-fixed-batch': 'its first dimension is 4 and not any number of rows',
  'hm-shape-no-shape': 'it has no known dimensions; 1 and 2 are read',
  'hm-shape-rows-out-differ': '(NonZero)',
  'hm-shape-scalar': 'it has 0 dimensions; 1 and 2 are read',
  'hm-string-ops': '(StringConcat)',
  'hm-training-ops': 'it has 0 dimensions; 1 and 2 are read',
  'hm-type-fp16': 'its elements are of ONNX type 10',
  'hm-type-int16': 'its elements are of ONNX type 5',
  'hm-type-int8': 'its elements are of ONNX type 3',
  'hm-type-string': 'it is a text as it was given',
  'hm-type-uint16': 'its elements are of ONNX type 4',
  'hm-type-uint32': 'its elements are of ONNX type 12',
  'hm-type-uint64': 'its elements are of ONNX type 13',
  'hm-type-uint8': 'its elements are of ONNX type 2',
  'hm-unknown-op': '(Relux)',
  'hm-zipmap-int': 'a key is beyond 2^53',
  'onnx-count-words': '(StringNormalizer)',
  'onnx-knn': '(Scan)',
  'onnx-knn-regressor': '(Scan)',
  'onnx-knn-regressor-distance': '(Scan)',
  'onnx-lof': '(Scan)',
  'onnx-nusvc-binary': '(ai.onnx.ml:SVMClassifier)',
  'onnx-one-class-svm': '(ai.onnx.ml:SVMRegressor)',
  'onnx-svc': '(ai.onnx.ml:SVMClassifier)',
  'onnx-svr': '(ai.onnx.ml:SVMRegressor)',
  'onnx-tfidf': '(StringNormalizer)',
}

for (const one of modelCases('onnx')) {
  const why = LEFT[one.id]
  if (why !== undefined) {
    test(`${one.id} is left to ONNX Runtime`, () => {
      assert.throws(
        () => readOnnx(modelBytes(one)),
        (error) => error instanceof UnreadableModel && error.reason === 'unsupported' && error.message.includes(why),
      )
    })
    continue
  }
  test(`${one.id} answers as ONNX Runtime`, () => {
    const form = readOnnx(modelBytes(one))
    checkForm(form)
    const asked = askedOf(form, one)
    assert.ok(asked.length > 0)
    for (const ask of asked) {
      const plain = interpret(form, ask.inputs, ask.rows)
      compare(form, plain, ask, one.tolerance!)
      for (const [name, answer] of compiled(form, ask.inputs, ask.rows))
        assert.ok(
          answer.every((x, at) => Object.is(x, plain.get(name)![at])),
          `${name}, bit for bit`,
        )
    }
  })
}
