import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FairleadError, isFloat, TYPES_BY_OIP } from '@fairlead/contract'
import { allocate, halfToNumber, type Tensor, type TensorData, type Tensors } from '../../packages/platform/src/domain/inference/index.ts'
import { numberToHalf } from '../../packages/platform/src/domain/inference/number-text.ts'
import { ReleasePlan } from '../../packages/platform/src/domain/inference/serving-release.ts'
import { fails } from '../../packages/platform/src/model/test-support.ts'
import { caseExchanges, caseHas, caseTable, type Exchange, type ModelCase, modelCases, type Tensor as OipTensor, type Tolerance } from './load.ts'
import { planOf, serveCase } from './serve-cases.ts'
import type { ServedModel } from './served.ts'

const all = modelCases('onnx')

/** Why the platform refuses a model: what must be refused, and what may be. */
const REFUSED: Readonly<Record<string, readonly [code: FairleadError['code'], words: RegExp]>> = {
  'hm-custom-op': ['model-operator-unsupported', /FancyScore of domain com\.acme\.special/],
  'hm-io-bfloat16': ['model-input-unsupported', /bfloat16/],
  'hm-ir-99': ['model-opset-unsupported', /99/],
  'hm-map-input': ['model-input-unsupported', /map/],
  'hm-opset-999': ['model-opset-unsupported', /999/],
  'hm-optional-input': ['model-input-unsupported', /optional/],
  'hm-sequence-input': ['model-input-unsupported', /sequence/],
  'hm-sequence-output': ['model-output-unsupported', /sequence/],
  'hm-unknown-op': ['model-operator-unsupported', /Relux/],
}

interface Asked {
  inputs: Tensors
  rows: number
  /** Values of each output, or the words of an error. */
  expected: { name: string; values: readonly unknown[] }[]
  error?: string
}

function element(type: Tensor['type'], value: unknown): unknown {
  if (type === 'string') return String(value)
  if (type === 'int64' || type === 'uint64') return BigInt(value as number)
  if (type === 'bool') return value === true || value === 1 ? 1 : 0
  return type === 'float16' ? numberToHalf(Number(value)) : Number(value)
}

function tensorOf({ datatype, shape, data }: OipTensor): Tensor {
  const type = TYPES_BY_OIP.get(datatype as never)!
  const values = allocate(type, data.length) as unknown[]
  for (const [at, value] of data.entries()) values[at] = element(type, value)
  return { type, shape: [...shape], data: values as unknown as TensorData }
}

function valuesOf(output: NonNullable<Exchange['outputs']>[number], { read }: ServedModel): readonly unknown[] {
  if (output.value === undefined) return output.data
  const { keys } = read.signature.outputs.find(({ name }) => name === output.name)!
  const maps = output.value as { key: string | number; value: number }[][]
  return maps.flatMap((map) => keys!.map((key) => map.find((entry) => String(entry.key) === key)!.value))
}

function askedOfExchange({ inputs, outputs = [], error }: Exchange, served: ServedModel): Asked {
  const given = Object.fromEntries(inputs.map((input) => [input.name, tensorOf(input)]))
  return {
    inputs: given,
    rows: inputs[0]?.shape[0] ?? 1,
    expected: outputs.map((output) => ({ name: output.name, values: valuesOf(output, served) })),
    ...(error === undefined ? {} : { error }),
  }
}

function askedOfTable(one: ModelCase, { read }: ServedModel): Asked {
  const { columns, outputs } = read.signature
  const [table, answers] = [caseTable(one, 'rows.parquet'), caseTable(one, 'expected.parquet')]
  const cell = (name: string, row: number, type: string) => {
    const value = table.columns.get(name)![row]!
    if (type === 'bool') return value === 1
    return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
  }
  const rows = Array.from({ length: table.rows }, (_, row) =>
    Object.fromEntries(
      columns.map(({ name, type, shape }) => {
        const parts = one.inputs?.find((input) => input.name === name)?.columns
        return [name, shape && parts ? parts.map((part) => cell(part, row, type)) : cell(parts?.[0] ?? name, row, type)]
      }),
    ),
  )
  const expected = outputs.map(({ name }) => {
    const own = answers.columns.has(name) ? [name] : [...answers.columns.keys()].filter((column) => column.startsWith(`${name}.`))
    assert.ok(own.length > 0, `nothing is expected of ${name}`)
    return {
      name,
      values: Array.from({ length: table.rows * own.length }, (_, at) => answers.columns.get(own[at % own.length]!)![Math.floor(at / own.length)]),
    }
  })
  return { inputs: planOf(read.signature).decode(rows), rows: table.rows, expected }
}

function compare({ type, data }: Tensor, values: readonly unknown[], { abs, rel, name }: Tolerance & { name: string }): void {
  assert.equal(data.length, values.length, `${name} has ${data.length} elements`)
  for (const [at, wanted] of values.entries()) {
    const got = data[at]!
    if (!isFloat(type)) {
      assert.equal(String(type === 'bool' ? Number(got) : got), String(typeof wanted === 'boolean' ? Number(wanted) : wanted), `${name}, element ${at}`)
      continue
    }
    const [x, y] = [type === 'float16' ? halfToNumber(got as number) : (got as number), Number(wanted)]
    assert.ok(Object.is(x, y) || x === y || Math.abs(x - y) <= abs + rel * Math.abs(y), `${name}, element ${at}: ${x} where ${y} is expected`)
  }
}

async function ask(served: ServedModel, one: ModelCase, asked: Asked): Promise<void> {
  const tolerance = one.tolerance ?? { abs: 1e-6, rel: 1e-5 }
  const { tensors } = new ReleasePlan(served.release)
  // an input with a default is not among those that are served: who names it is told, and not answered otherwise
  const unknown = Object.keys(asked.inputs).find((name) => !tensors.inputs.some((input) => input.name === name))
  if (asked.error !== undefined || unknown !== undefined) {
    await assert.rejects(async () => served.session.run(tensors.toModel(asked.inputs).inputs), FairleadError)
    return
  }
  const outputs = await served.session.run(asked.inputs)
  // what is random by its nature has no answer to compare
  if (one.id === 'hm-random') return
  for (const { name, values } of asked.expected) if (outputs[name]) compare(outputs[name], values, { ...tolerance, name })
  for (const { name } of served.read.signature.outputs) assert.ok(outputs[name], `${name} is answered`)
}

async function check(one: ModelCase, served: ServedModel): Promise<void> {
  if (!caseHas(one, 'io.json')) return ask(served, one, askedOfTable(one, served))
  for (const exchange of caseExchanges(one)) await ask(served, one, askedOfExchange(exchange, served))
}

describe('every ONNX model answers in the platform as in its library', () => {
  assert.equal(all.length, 174)
  for (const one of all.filter(({ id }) => !(id in REFUSED))) {
    assert.notEqual(one.support, 'refuse', one.id)
    test(one.id, async () => {
      await using served = await serveCase(one)
      await check(one, served)
    })
  }
})

describe('those whose parts are all known answer the same compiled', () => {
  let compiled = 0
  for (const one of all.filter(({ id }) => !(id in REFUSED))) {
    test(one.id, async () => {
      try {
        await using served = await serveCase(one, { runtime: 'compiled' })
        compiled++
        await check(one, served)
      } catch (error) {
        if (!(error instanceof FairleadError && error.code === 'model-part-unsupported')) throw error
        assert.match(error.message, /\S/)
      }
    })
  }
  test('there are many', () => assert.ok(compiled >= 100, `${compiled} models ran compiled`))
})

describe('ONNX models that cannot be served are refused by name', () => {
  for (const one of all.filter(({ id }) => id in REFUSED)) {
    test(one.id, async () => {
      assert.notEqual(one.support, 'required')
      await assert.rejects(serveCase(one), fails(...(REFUSED[one.id] as [FairleadError['code'], RegExp])))
    })
  }
})
