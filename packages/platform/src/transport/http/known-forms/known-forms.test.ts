import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OIP_TYPES, type Signature } from '@fairlead/contract'
import { releaseSettings } from '@fairlead/contract/control'
import { ReleasePlan } from '../../../domain/inference/serving-release.ts'
import { FAKE_ROW, FAKE_SIGNATURE, fakeRelease } from '../../../testing/fake-model.ts'
import { readJson } from '../json.ts'
import { Random } from '../lane/testing/random.ts'
import { decodeInput } from '../oip-tensors.ts'
import { ByteReader, NOT_KNOWN } from './byte-reader.ts'
import { KnownRows } from './rows.ts'
import { knownTensors } from './tensors.ts'

const TYPES = ['float32', 'float64', 'int8', 'uint32', 'int64', 'uint64', 'float16', 'bool', 'string'] as const
const WIDE: Signature = {
  task: 'other',
  inputs: TYPES.map((type) => ({ name: `t_${type}`, type, shape: [-1, 2] })),
  outputs: [],
  columns: TYPES.flatMap((type) => [0, 1].map((index) => ({ name: `${type} ${index}`, type, tensor: `t_${type}`, index }))),
  fields: [],
}

const planOf = (signature: Signature) => new ReleasePlan({ ...fakeRelease(), signature, settings: releaseSettings.parse({ maxRows: 50 }) })
const fake = planOf(FAKE_SIGNATURE)
const wide = planOf(WIDE)
/** One tensor of plain numbers, whose rows are read in one go once their writing is known. */
const FLOATS: Signature = {
  ...WIDE,
  inputs: [{ name: 'x', type: 'float32', shape: [-1, 6] }],
  columns: Array.from({ length: 6 }, (_, index) => ({ name: `c ${index}`, type: 'float32', tensor: 'x', index })),
}
const floats = planOf(FLOATS)

const NUMBERS = [
  '0',
  '-0',
  '1',
  '-1',
  '0.1',
  '35',
  '127',
  '-128',
  '300',
  '1e2',
  '1E-7',
  '3.4028236e38',
  '9007199254740993',
  '0.30000000000000004',
  '5e-324',
  '1e400',
]
const ODD = ['"NaN"', '"car"', 'true', 'false', 'null', '"a\\u0000b"', '"ü"', '01', '1.', '.5', '+1', '-', 'NaN', '[1]', '{}', '""', '1 2', '1e', 'tru']

function numeral(random: Random): string {
  if (random.chance(0.1)) return random.pick(NUMBERS)
  const digits = Array.from({ length: 1 + random.int(random.chance(0.1) ? 20 : 8) }, () => random.int(10)).join('')
  const whole = String(BigInt(digits))
  const fraction = random.chance(0.7) ? `.${Array.from({ length: 1 + random.int(10) }, () => random.int(10)).join('')}` : ''
  const exponent = random.chance(0.1) ? `e${random.pick(['', '+', '-'])}${random.int(40)}` : ''
  return `${random.pick(['', '-'])}${whole}${fraction}${exponent}`
}

/** A value for a column of numbers with a point: most bodies have none that is refused. */
function anyValue(random: Random, wild: boolean): string {
  if (!wild) return `${random.pick(['', '-'])}${random.int(100)}.${random.int(1_000_000)}`
  return random.chance(0.02) ? random.pick(ODD) : numeral(random)
}

/** Takes, puts in, repeats or changes a byte. */
function mutated(bytes: Buffer, random: Random): Buffer {
  const at = random.int(bytes.length)
  const byte = Buffer.from([random.pick([0x20, 0x22, 0x2c, 0x30, 0x2d, 0x2e, 0x5b, 0x5d, 0x7b, 0x7d, 0x0a, 0x00, 0xff, random.int(256)])])
  const rest = random.pick([at, at + 1, Math.max(0, at - random.int(5))])
  return Buffer.concat([bytes.subarray(0, at), random.chance(0.3) ? Buffer.alloc(0) : byte, bytes.subarray(rest)])
}

/** What the general reader makes of it; `undefined` when it refuses. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

test('numbers have the very value that JSON.parse gives them', () => {
  const random = new Random(1)
  for (const text of [...NUMBERS, ...Array.from({ length: 20_000 }, () => numeral(random))]) {
    const read = new ByteReader(Buffer.from(`${text},`)).number()
    assert.ok(Object.is(read, JSON.parse(text)), `${text} was read as ${String(read)}`)
  }
  for (const text of ['', '-', '01', '-01', '1.', '.5', '+1', '1e', '1e+', 'e5', 'x'])
    assert.equal(new ByteReader(Buffer.from(`${text},`)).number(), NOT_KNOWN, text)
})

test('what clients write is of a known form, in any order of the columns once it was seen', () => {
  const known = new KnownRows(fake)
  const spaced = `{"rows": [${JSON.stringify(FAKE_ROW).replaceAll(',', ', ').replaceAll(':', ': ')}]}`
  for (const body of [JSON.stringify({ rows: [FAKE_ROW] }), JSON.stringify({ rows: [FAKE_ROW, FAKE_ROW, FAKE_ROW] }), spaced]) {
    const { rows } = JSON.parse(body)
    assert.deepEqual(known.read(Buffer.from(body)), { rows: rows.length, inputs: fake.rows.decode(rows) })
  }
  const turned = Object.fromEntries(Object.entries(FAKE_ROW).reverse())
  assert.equal(known.read(Buffer.from(JSON.stringify({ rows: [turned] }))), undefined)
  known.learn({ age: 1 })
  known.learn(turned)
  assert.deepEqual(known.read(Buffer.from(JSON.stringify({ rows: [turned] })))?.inputs.age, fake.rows.decode([FAKE_ROW]).age)

  const input = { name: 'age', shape: [2, 1], datatype: 'INT64', data: [35, 36] }
  const one = planOf({ ...FAKE_SIGNATURE, inputs: FAKE_SIGNATURE.inputs.slice(0, 1), columns: FAKE_SIGNATURE.columns.slice(0, 1) })
  for (const text of [JSON.stringify({ inputs: [input] }), '{"id": "a", "inputs": [{"shape": [2, 1], "name": "age", "datatype": "INT64", "data": [35, 36]}]}'])
    assert.deepEqual(knownTensors(Buffer.from(text), one)?.inputs.age, { type: 'int64', shape: [2, 1], data: BigInt64Array.of(35n, 36n) }, text)
})

test('whole numbers whose digits a double does not hold are left to those who read them exactly', () => {
  const body = (age: string) => Buffer.from(JSON.stringify({ rows: [FAKE_ROW] }).replace('35', age))
  const free = planOf({
    ...FAKE_SIGNATURE,
    columns: FAKE_SIGNATURE.columns.map(({ name, type, tensor, index }) => ({ name, type, tensor, ...(index === undefined ? {} : { index }) })),
  })
  assert.deepEqual(new KnownRows(free).read(body('999999999999999'))?.inputs.age?.data, BigInt64Array.of(999999999999999n))
  assert.equal(new KnownRows(free).read(body('9007199254740993')), undefined)
  const tensor = (value: string) => Buffer.from(`{"inputs":[{"name":"age","shape":[1,1],"datatype":"INT64","data":[${value}]}]}`)
  const one = planOf({ ...FAKE_SIGNATURE, inputs: FAKE_SIGNATURE.inputs.slice(0, 1), columns: FAKE_SIGNATURE.columns.slice(0, 1) })
  assert.equal(knownTensors(tensor('9007199254740993'), one), undefined)
  assert.ok(knownTensors(tensor('900719925474099'), one))
})

test('a form that is not known is soon tried seldom, and known again when it comes', () => {
  const known = new KnownRows(fake)
  const good = Buffer.from(JSON.stringify({ rows: [FAKE_ROW] }))
  for (let i = 0; i < 4; i++) assert.equal(known.read(Buffer.from('{"rows":[{"purpose":null}]}')), undefined)
  const tries = Array.from({ length: 40 }, () => known.read(good) !== undefined)
  assert.deepEqual([tries.indexOf(true), tries.lastIndexOf(false)], [31, 30])
})

test('rows that are read from their bytes are those that JSON values give', () => {
  const random = new Random(7)
  let taken = 0
  const readers = new Map<typeof wide, KnownRows>()
  for (let i = 0; i < 12_000; i++) {
    const wild = random.chance(0.4)
    const plan = random.pick([wide, floats])
    if (!readers.has(plan) || random.chance(0.2)) readers.set(plan, new KnownRows(plan))
    const rows = Array.from({ length: 1 + random.int(random.chance(0.01) ? 60 : 4) }, () => {
      const cells = plan.release.signature.columns.map(({ name, type }) => {
        const plain =
          type === 'bool' ? random.pick(['true', 'false']) : type === 'string' ? JSON.stringify(random.pick(['', 'a b', 'x'])) : `${random.int(100)}`
        return `"${name}":${type.startsWith('float') ? anyValue(random, wild) : wild && random.chance(0.05) ? anyValue(random, wild) : plain}`
      })
      return `{${cells.join(random.pick([',', ', ']))}}`
    })
    const body = Buffer.from(`{"rows":[${rows.join(',')}]}`)
    const sent = random.chance(0.5) ? mutated(body, random) : body
    const found = readers.get(plan)!.read(sent)
    if (!found) continue
    taken++
    const expected = attempt(() => {
      const parsed = readJson(sent, { exact: true }) as { rows: unknown[] }
      assert.deepEqual(Object.keys(parsed), ['rows'])
      return { rows: parsed.rows.length, inputs: plan.rows.decode(parsed.rows) }
    })
    assert.deepEqual(found, expected, sent.toString('latin1'))
  }
  assert.ok(taken > 1500, `${taken} bodies were of the form`)
})

test('bodies of one row that are written like one before are those that JSON values give', () => {
  const random = new Random(5)
  let taken = 0
  for (let i = 0; i < 6000; i++) {
    const wild = random.chance(0.4)
    const data = Array.from({ length: 6 }, () => anyValue(random, wild)).join(random.pick([',', ', ']))
    const shape = random.chance(0.9) ? '[1,6]' : random.pick(['[6]', '[6,1]', '[2,3]', '[3]'])
    const body = Buffer.from(`{${random.chance(0.1) ? '"id":"q",' : ''}"inputs":[{"name":"x","shape":${shape},"datatype":"FP32","data":[${data}]}]}`)
    const sent = random.chance(0.3) ? mutated(body, random) : body
    const found = knownTensors(sent, floats)
    if (!found) continue
    taken++
    const expected = attempt(() => {
      const parsed = readJson(sent, { exact: true, nonFinite: true }) as { id?: string; inputs: unknown[] }
      assert.ok(Object.keys(parsed).every((key) => key === 'id' || key === 'inputs'))
      return { id: parsed.id, inputs: Object.fromEntries(parsed.inputs.map((input, at) => Object.values(decodeInput(input, at)))) }
    })
    assert.deepEqual({ id: found.id, inputs: { ...found.inputs } }, expected, sent.toString('latin1'))
  }
  assert.ok(taken > 3000, `${taken} bodies were of the form`)
})

test('tensors that are read from their bytes are those that JSON values give', () => {
  const random = new Random(11)
  let taken = 0
  const plan = { tensors: { ...wide.tensors, inputs: wide.tensors.inputs.filter(({ type }) => type !== 'string') } } as typeof wide
  for (let i = 0; i < 6000; i++) {
    const wild = random.chance(0.4)
    const inputs = WIDE.inputs
      .filter(({ type }) => type !== 'string')
      .map(({ name, type }) => {
        const data = Array.from({ length: 4 }, () =>
          type === 'bool' ? random.pick(['true', 'false']) : type.startsWith('float') ? anyValue(random, wild) : `${random.int(100)}`,
        )
        const shape = random.chance(0.02) ? random.pick(['[4]', '[1,4]', '[4,1]', '[0]', '[2,3]', '[-1]', '[1e1]']) : '[2,2]'
        return `{"name":"${name}","shape":${shape},"datatype":"${OIP_TYPES[type]}","data":[${data.join(',')}]}`
      })
    const body = Buffer.from(`{${random.chance(0.3) ? '"id":"q",' : ''}"inputs":[${inputs.join(',')}]}`)
    const sent = random.chance(0.5) ? mutated(body, random) : body
    const found = knownTensors(sent, plan)
    if (!found) continue
    taken++
    const expected = attempt(() => {
      const parsed = readJson(sent, { exact: true, nonFinite: true }) as { id?: string; inputs: unknown[] }
      assert.ok(Object.keys(parsed).every((key) => key === 'id' || key === 'inputs'))
      return {
        id: parsed.id,
        inputs: Object.fromEntries(parsed.inputs.map((input, at) => Object.values(decodeInput(input, at)))),
      }
    })
    assert.deepEqual({ ...found, inputs: { ...found.inputs } }, expected, sent.toString('latin1'))
  }
  assert.ok(taken > 1500, `${taken} bodies were of the form`)
})
