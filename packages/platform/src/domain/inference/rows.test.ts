import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DATA_TYPES, FairleadError, type InputColumn, type Signature, type TensorSpec } from '@fairlead/contract'
import { syntheticExample } from '../../model/signature/example.ts'
import { FAKE_ROW, FAKE_SIGNATURE } from '../../testing/fake-model.ts'
import { halfToNumber } from './number-text.ts'
import { type RowSettings, RowsPlan } from './rows.ts'

const STRICT: RowSettings = { extraColumns: 'refuse', unknownValues: 'refuse' }

function planOf(inputs: TensorSpec[], columns: InputColumn[], settings = STRICT) {
  return new RowsPlan({ task: 'other', inputs, outputs: [], columns, fields: [] }, settings)
}

function one(column: Partial<InputColumn> & Pick<InputColumn, 'type'>) {
  return planOf([{ name: 't', type: column.type, shape: [-1] }], [{ name: 'x', tensor: 't', ...column }])
}

function refusal(run: () => unknown): FairleadError {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof FairleadError, String(error))
    return error
  }
  assert.fail('it was accepted')
}

const codes = (error: FairleadError) => error.items.map((item) => [item.path, item.code])

test('rows become the tensors of the model, wide ones by position', () => {
  const plan = new RowsPlan(FAKE_SIGNATURE, STRICT)
  const tensors = plan.decode([FAKE_ROW, { age: 18, amount: 1, duration: 2.5, purpose: null }, { age: 120, amount: 'NaN', duration: '-Infinity' }])
  assert.deepEqual(tensors.age, { type: 'int64', shape: [3, 1], data: new BigInt64Array([35n, 18n, 120n]) })
  assert.deepEqual(tensors.figures, { type: 'float32', shape: [3, 2], data: new Float32Array([2500, 12, 1, 2.5, Number.NaN, Number.NEGATIVE_INFINITY]) })
  assert.deepEqual(tensors.purpose, { type: 'string', shape: [3, 1], data: ['car', '', ''], nulls: new Uint8Array([0, 1, 1]) })
})

test('each wrong value is named by its row and column', () => {
  const plan = new RowsPlan(FAKE_SIGNATURE, STRICT)
  const error = refusal(() =>
    plan.decode([
      FAKE_ROW,
      { ...FAKE_ROW, age: 17 },
      { ...FAKE_ROW, purpose: 'boat' },
      { ...FAKE_ROW, amount: '5' },
      { age: 20, duration: 1 },
      { ...FAKE_ROW, age: null },
      { ...FAKE_ROW, amout: 1 },
    ]),
  )
  assert.equal(error.code, 'value-range')
  assert.deepEqual(
    new Map(codes(error) as [string, string][]),
    new Map([
      ['rows[1].age', 'value-range'],
      ['rows[5].age', 'value-missing'],
      ['rows[2].purpose', 'value-unknown'],
      ['rows[3].amount', 'value-type'],
      ['rows[4].amount', 'column-missing'],
      ['rows[6].amout', 'column-unknown'],
    ]),
  )
  const words = error.items.map((item) => item.detail).join('\n')
  assert.match(words, /17 is outside its range, 18 to 120 years/)
  assert.match(words, /"boat" is not one of "car", "education"/)
  assert.match(words, /without quotes/)
  assert.match(words, /did you mean "amount"/)
})

test('at most twenty places are listed, and the rest counted', () => {
  const plan = one({ type: 'int8' })
  const error = refusal(() => plan.decode(Array.from({ length: 50 }, () => ({ x: 'a' }))))
  assert.equal(error.items.length, 20)
  assert.match(error.message, /and 49 more/)
})

test('where more columns are missing than are listed, the first one that is not known is named all the same', () => {
  const columns = Array.from({ length: 30 }, (_, at): InputColumn => ({ name: `c${at}`, tensor: 't', type: 'float32' }))
  const plan = planOf([{ name: 't', type: 'float32', shape: [-1, 30] }], columns)
  for (const rows of [1, 50]) {
    const error = refusal(() => plan.decode(Array.from({ length: rows }, () => ({ features: [1], more: 1 }))))
    assert.deepEqual([error.code, error.items.length, error.items[1]?.path, error.items[1]?.code], ['column-missing', 20, 'rows[0].features', 'column-unknown'])
    assert.equal(error.items.filter(({ code }) => code === 'column-unknown').length, 1)
    const table = {
      rows,
      columns: [
        { name: 'features', at: () => 1 },
        { name: 'more', at: () => 1 },
      ],
    }
    const same = refusal(() => plan.decodeTable(table))
    assert.deepEqual([same.code, same.items[1]], [error.code, error.items[1]])
  }
})

test('types are not mixed up', () => {
  const wrong: [InputColumn['type'], unknown][] = [
    ['int32', 3.5],
    ['int32', '3'],
    ['int32', true],
    ['int32', 'NaN'],
    ['int32', [1]],
    ['int32', {}],
    ['float32', true],
    ['float32', '3'],
    ['float32', 'nan'],
    ['float64', ''],
    ['float32', [1]],
    ['string', 3],
    ['string', true],
    ['bool', 1],
    ['bool', 'true'],
    ['int64', 'NaN'],
    ['float32', 'toString'],
  ]
  for (const [type, x] of wrong) assert.equal(refusal(() => one({ type }).decode([{ x }])).code, 'value-type', `${type} ${JSON.stringify(x)}`)
  assert.deepEqual(one({ type: 'int32' }).decode([{ x: 3.0 }, { x: -0 }]).t!.data, new Int32Array([3, 0]))
})

test('numbers stay within their type', () => {
  const wrong: [InputColumn['type'], unknown][] = [
    ['int8', 128],
    ['uint8', -1],
    ['uint32', 4294967296],
    ['int64', 9223372036854775808n],
    ['uint64', -1n],
    ['int64', 1e30],
    ['float32', 1e39],
    ['float16', 70000],
  ]
  for (const [type, x] of wrong) assert.equal(refusal(() => one({ type }).decode([{ x }])).code, 'value-range', `${type} ${x}`)
  const big = one({ type: 'int64' }).decode([{ x: 9007199254740993n }, { x: 5 }])
  assert.deepEqual(big.t!.data, new BigInt64Array([9007199254740993n, 5n]))
  assert.equal(halfToNumber(one({ type: 'float16' }).decode([{ x: 0.5 }]).t!.data[0] as number), 0.5)
})

test('declared limits hold for NaN too, and unknown values pass when told', () => {
  assert.equal(refusal(() => one({ type: 'float32', min: 0 }).decode([{ x: 'NaN' }])).code, 'value-range')
  assert.equal(refusal(() => one({ type: 'float32', max: 10 }).decode([{ x: 'Infinity' }])).code, 'value-range')
  assert.equal(refusal(() => one({ type: 'int64', values: [1, 2] }).decode([{ x: 3 }])).code, 'value-unknown')
  const pass = planOf([{ name: 't', type: 'string', shape: [-1] }], [{ name: 'x', type: 'string', tensor: 't', values: ['a'] }], {
    ...STRICT,
    unknownValues: 'pass',
  })
  assert.deepEqual(pass.decode([{ x: 'zzz' }]).t!.data, ['zzz'])
})

test('extra columns pass when told', () => {
  const plan = planOf([{ name: 't', type: 'bool', shape: [-1] }], [{ name: 'x', type: 'bool', tensor: 't' }], { ...STRICT, extraColumns: 'ignore' })
  assert.deepEqual(plan.decode([{ x: true, y: 1 }]).t!.data, new Uint8Array([1]))
})

test('columns named like methods of every object are missing until they are there', () => {
  const plan = planOf([{ name: 't', type: 'float32', shape: [-1] }], [{ name: 'constructor', type: 'float32', tensor: 't' }])
  assert.equal(refusal(() => plan.decode([{}])).code, 'column-missing')
  assert.deepEqual(plan.decode([{ constructor: 2 }]).t!.data, new Float32Array([2]))
  assert.deepEqual(codes(refusal(() => one({ type: 'float32' }).decode([JSON.parse('{"x":1,"__proto__":2}')]))), [['rows[0].__proto__', 'column-unknown']])
})

test('columns of arrays must have their shape in every row', () => {
  const plan = planOf([{ name: 't', type: 'float32', shape: [-1, 2, 2] }], [{ name: 'image one', type: 'float32', tensor: 't', shape: [2, 2] }])
  assert.deepEqual(
    plan.decode([
      {
        'image one': [
          [1, 2],
          [3, 4],
        ],
      },
    ]).t,
    { type: 'float32', shape: [1, 2, 2], data: new Float32Array([1, 2, 3, 4]) },
  )
  const error = refusal(() =>
    plan.decode([
      { 'image one': [[1, 2], [3]] },
      { 'image one': 5 },
      {
        'image one': [
          [1, 2],
          [3, 'x'],
        ],
      },
    ]),
  )
  assert.deepEqual(codes(error), [
    ['rows[0]["image one"][1]', 'shape-mismatch'],
    ['rows[1]["image one"]', 'shape-mismatch'],
    ['rows[2]["image one"][1][1]', 'value-type'],
  ])
  const free = planOf([{ name: 't', type: 'int64', shape: [-1, -1] }], [{ name: 'ids', type: 'int64', tensor: 't', shape: [-1] }])
  assert.deepEqual(free.decode([{ ids: [1, 2, 3] }, { ids: [4, 5, 6] }]).t!.shape, [2, 3])
  assert.equal(refusal(() => free.decode([{ ids: [1, 2, 3] }, { ids: [4] }])).code, 'shape-mismatch')
})

test('what is not rows is refused', () => {
  const plan = one({ type: 'float32' })
  for (const rows of [undefined, null, {}, 'x', 5]) assert.equal(refusal(() => plan.decode(rows)).code, 'request-invalid')
  assert.equal(refusal(() => plan.decode([])).code, 'rows-empty')
  for (const row of [null, 1, 'a', [1]]) assert.match(refusal(() => plan.decode([{ x: 1 }, row])).message, /rows\[1\]/)
})

test('the made-up row of any signature passes its own plan', () => {
  const columns = DATA_TYPES.map((type): InputColumn => ({ name: type, type, tensor: type }))
  const more: InputColumn[] = [
    { name: 'a', type: 'int64', tensor: 'a', min: 5 },
    { name: 'b', type: 'float32', tensor: 'b', max: -2 },
    { name: 'c', type: 'string', tensor: 'c', values: ['q'] },
    { name: 'd', type: 'float32', tensor: 'd', shape: [2, -1] },
  ]
  const inputs = [...columns, ...more].map(({ name, type, shape = [] }): TensorSpec => ({ name, type, shape: [-1, ...shape] }))
  const signature: Signature = { task: 'other', inputs, outputs: [], columns: [...columns, ...more], fields: [] }
  const tensors = new RowsPlan(signature, STRICT).decode([syntheticExample(signature)])
  assert.deepEqual(tensors.d!.shape.slice(0, 2), [1, 2])
  assert.ok((tensors.a!.data as BigInt64Array)[0]! >= 5n)
})

test('limits of columns hold for tensors too', () => {
  const plan = new RowsPlan(FAKE_SIGNATURE, STRICT)
  const tensors = plan.decode([FAKE_ROW, FAKE_ROW])
  plan.check(tensors)
  ;(tensors.age!.data as BigInt64Array)[1] = 200n
  assert.deepEqual(codes(refusal(() => plan.check(tensors))), [['inputs.age[1]', 'value-range']])
})

test('columns of another type than their tensor become values of the tensor, from rows and from tables', () => {
  const given = { whole: 7n, short: 5, truth: true, plain: 1.5 }
  const types = { whole: 'int64', short: 'int32', truth: 'bool', plain: 'float32' } as const
  const columns = Object.entries(types).map(([name, type], index): InputColumn => ({ name, type, tensor: 'x', index }))
  for (const type of ['float32', 'float64', 'float16'] as const) {
    const plan = new RowsPlan({ task: 'other', inputs: [{ name: 'x', type, shape: [-1, 4] }], outputs: [], columns, fields: [] }, STRICT)
    const read = (data: ArrayLike<number>) => Array.from(data, (value) => (type === 'float16' ? halfToNumber(value) : value))
    assert.deepEqual(read(plan.decode([given]).x!.data as Float64Array), [7, 5, 1, 1.5], type)
    const dense = { whole: BigInt64Array.of(7n), short: Int32Array.of(5), truth: Uint8Array.of(1), plain: Float32Array.of(1.5) }
    const table = {
      rows: 1,
      columns: columns.map(({ name, type: own }) => ({
        name,
        at: () => given[name as keyof typeof given],
        dense: { type: own, data: dense[name as keyof typeof dense] },
      })),
    }
    assert.deepEqual(read(plan.decodeTable(table).x!.data as Float64Array), [7, 5, 1, 1.5], type)
  }
  const wide: Signature = {
    task: 'other',
    inputs: [{ name: 'x', type: 'int64', shape: [-1, 2] }],
    outputs: [],
    columns: columns.slice(1, 3).map((column, index) => ({ ...column, index })),
    fields: [],
  }
  assert.deepEqual(new RowsPlan(wide, STRICT).decode([{ short: 5, truth: true }]).x!.data, BigInt64Array.of(5n, 1n))
})
