import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { InputColumn, OutputField, Signature } from '@fairlead/contract'
import { temporaryFolder } from '../testing/folder.ts'
import { sampleRelease } from '../testing/samples.ts'
import { essence, type TypedDeployment, typesModule } from './module.ts'

const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url))
const TSC = join(dirname(fileURLToPath(import.meta.resolve('typescript/package.json'))), 'bin/tsc')

const column = (name: string, type: InputColumn['type'], more: Partial<InputColumn> = {}): InputColumn => ({ name, type, tensor: name, ...more })
const field = (name: string, kind: OutputField['kind'], more: Partial<OutputField> = {}): OutputField => ({
  name,
  kind,
  type: 'float32',
  tensor: name,
  ...more,
})

const CREDIT: Signature = {
  task: 'classification',
  inputs: [{ name: 'features', type: 'float16', shape: [-1, 4] }],
  outputs: [
    { name: 'label', type: 'int64', shape: [-1] },
    { name: 'p', type: 'float32', shape: [-1, 2] },
  ],
  columns: [
    column('age', 'int64', { min: 18, max: 120, unit: 'years', description: 'Age of the applicant' }),
    column('customer', 'int64'),
    column('purpose', 'string', { values: ['car', "baker's"], optional: true }),
    column('score', 'float64', { min: 0 }),
    column('late payments', 'int32', { values: [0, 1, 2] }),
    column('embedding', 'float32', { shape: [2, -1] }),
    column('owner', 'bool'),
  ],
  fields: [field('label', 'label', { type: 'int64', classes: ['bad', 'good'] }), field('probabilities', 'probabilities', { tensor: 'p' })],
}
const PRICE: Signature = {
  task: 'regression',
  inputs: [],
  outputs: [],
  columns: [column('id', 'uint64'), column('text', 'string', { values: ['a'] })],
  fields: [field('value', 'value'), field('steps', 'values', { shape: [3] }), field('open', 'probabilities')],
}

function typed(signature: Signature, change: Parameters<typeof sampleRelease>[0] = {}): TypedDeployment {
  return { signature, release: sampleRelease(change) }
}
/** A signature as steps make it: a tensor for each column, and a field that a step adds. */
const decided = (signature: Signature, name: string, { classes, optional = false }: { classes: string[]; optional?: boolean }): Signature => ({
  ...signature,
  inputs: signature.columns.map((own) => ({ name: own.name, type: own.type, shape: [-1, ...(own.shape ?? [])] })),
  outputs: [...signature.outputs, { name, type: 'string', shape: [-1] }],
  fields: [...signature.fields, field(name, 'label', { type: 'string', classes, ...(optional ? { optional } : {}) })],
})
const settings = sampleRelease().settings
const BOTH = [
  typed(decided(decided(CREDIT, 'decision', { classes: ['review', 'refuse', 'accept'] }), 'second', { classes: ['review', 'refuse'], optional: true })),
  typed(PRICE, { deployment: 'price.eu', settings: { ...settings, extraColumns: 'ignore', unknownValues: 'pass' } }),
]

/** What the compiler says, strictly, to a module of types and a use of it. */
async function compiled(module: string, use = ''): Promise<string> {
  await using folder = await temporaryFolder({
    'deployments.ts': module,
    'use.ts': use,
    'package.json': '{ "type": "module" }',
    'tsconfig.json': JSON.stringify({
      extends: join(ROOT, 'tsconfig.base.json'),
      compilerOptions: {
        noEmit: true,
        types: [],
        lib: ['es2024', 'esnext.disposable', 'dom'],
        noUnusedLocals: true,
        paths: { '@fairlead/client': [join(ROOT, 'packages/client/src/index.ts')] },
      },
      files: ['deployments.ts', 'use.ts'],
    }),
  })
  try {
    execFileSync(process.execPath, [TSC, '-p', folder.at('tsconfig.json')], { cwd: folder.path, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    return ''
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

const RIGHT = `
import { createClient } from '@fairlead/client'
import type { CreditRiskPrediction, CreditRiskRow, Deployments } from './deployments.ts'

const client = createClient<Deployments>({ url: 'http://127.0.0.1:7310' })
const row: CreditRiskRow = { age: 35, customer: 9007199254740993n, score: 0.5, 'late payments': 1, embedding: [[1], [2]], owner: true }
export async function use(): Promise<number> {
  const { predictions } = await client.predict('credit-risk', [row, { ...row, customer: 5, purpose: "baker's" }, { ...row, purpose: null }])
  const first: CreditRiskPrediction | undefined = predictions[0]
  if (first?.label === 'good' && first.decision !== 'accept' && first.second === null) return first.probabilities['0']
  for await (const one of client.predictMany('credit-risk', [row])) return one.prediction.probabilities['1'] + one.row.age
  const { tensors } = await client.infer('credit-risk', { inputs: [{ name: 'age', datatype: 'INT64', shape: [1], data: BigInt64Array.of(35n) }] })
  const shares: Float32Array = tensors.p.data
  const price = await client.predict('price.eu', { id: 1n, text: 'anything', more: 1 })
  return shares[0]! + Number(price.predictions[0]!.value) + Number(price.predictions[0]!.steps[0]) + price.predictions[0]!.open.x!
}
`

const WRONG = [
  ["client.predict('credit', row)", /'"credit"' is not assignable/],
  ["client.predict('credit-risk', { ...row, age: '35' })", /'string' is not assignable to type 'number'/],
  ["client.predict('credit-risk', { ...row, age: 35n })", /'bigint' is not assignable to type 'number'/],
  ["client.predict('credit-risk', { ...row, purpose: 'boat' })", /'"boat"' is not assignable/],
  ["client.predict('credit-risk', { ...row, purpose: undefined })", /undefined/],
  ["client.predict('credit-risk', { ...row, 'late payments': 3 })", /'3' is not assignable/],
  ["client.predict('credit-risk', { ...row, colour: 'red' })", /'colour' does not exist|No overload/],
  ["client.predict('credit-risk', { age: 35 })", /missing the following properties/],
  ["client.predict('credit-risk', row).then((one) => one.predictions[0]!.label === 'fine')", /no overlap/],
  ["client.predict('credit-risk', row).then((one) => one.predictions[0]!.probabilities.good)", /'good' does not exist/],
  ["client.predict('price.eu', { id: 1, text: 'a' }).then((one) => one.predictions[0]!.value * 2)", /must be of type 'any', 'number'/],
  ["client.infer('credit-risk', { inputs: [{ name: 'age', datatype: 'FP32', shape: [1], data: [1] }] })", /'"FP32"' is not assignable/],
  ["client.infer('credit-risk', { inputs: [] }).then((one) => one.tensors.q)", /'q' does not exist/],
] as const

test('the types fit real use, and each wrong use of them is an error', async () => {
  const module = typesModule(BOTH)
  assert.equal(await compiled(module, RIGHT), '')
  const wrong = WRONG.map(([code]) => `void ${code}`)
  const said = await compiled(module, [...RIGHT.trim().split('\n'), ...wrong].join('\n'))
  const from = RIGHT.trim().split('\n').length + 1
  for (const [at, [code, reason]] of WRONG.entries()) {
    const errors = said.split(/\n(?=use\.ts)/).filter((one) => one.startsWith(`use.ts(${from + at},`))
    assert.equal(errors.length, 1, `${code}\n${said}`)
    assert.match(errors[0] ?? '', reason, code)
  }
})

test('columns and fields say what is known of them', () => {
  const module = typesModule(BOTH)
  assert.ok(module.startsWith(`// Made by: fairlead types credit-risk price.eu\n// credit-risk: release 2, sha256:${'ab'.repeat(32)}\n`))
  assert.match(module, / {2}\/\*\*\n {3}\* Age of the applicant\.\n {3}\* Unit: years\. From 18 to 120\. int64\.\n {3}\*\/\n {2}age: number\n/)
  assert.match(module, / {2}\/\*\* At least 0\. float64\. \*\/\n {2}score: number\n/)
  assert.match(module, / {2}purpose\?: 'car' \| 'baker\\'s' \| null\n/)
  assert.match(module, / {2}customer: number \| bigint\n/)
  assert.match(module, / {2}decision: 'review' \| 'refuse' \| 'accept'\n/)
  assert.match(module, /inputs: \{ id: 'UINT64'; text: 'BYTES' \}|inputs: \{ {2}\}/)
  assert.equal(typesModule(BOTH), module, 'the same again')
})

test('nothing in names, descriptions and values gets out of its comment or its quotes', async () => {
  const nasty = "*/ export const broken = 1 //\n'; import 'x' // \\ $ ` \u2028 \u202e \u0000"
  const signature: Signature = {
    task: 'other',
    inputs: [{ name: nasty, type: 'float32', shape: [-1] }],
    outputs: [{ name: '__proto__', type: 'float32', shape: [-1] }],
    columns: [column(nasty, 'string', { values: [nasty, 'constructor'], description: nasty, unit: nasty }), column('1a', 'bool'), column('', 'bool')],
    fields: [field(nasty, 'label', { classes: [nasty, '*/'], description: '*/*/ x' })],
  }
  const names = ['a-b', 'a.b', '7', '__proto__'.toLowerCase().slice(2)]
  const module = typesModule(names.map((deployment) => typed(decided(signature, 'constructor', { classes: [nasty] }), { deployment })))
  assert.equal(await compiled(module), '')
  const code = module.replace(/\/\*[\s\S]*?\*\//g, '').replace(/'(?:[^'\\\n]|\\.)*'/g, "''")
  assert.doesNotMatch(code, /broken|import|\$/)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  assert.doesNotMatch(module, /[\u0000-\u0009\u2028\u202e]/)
  assert.match(module, /interface ABRow[\s\S]*interface AB2Row[\s\S]*interface D7Row/)
})

test('a module is out of date by its types, not by its header, its quotes or its line ends', () => {
  const module = typesModule(BOTH)
  const newer = typesModule(BOTH.map(({ signature, release }) => ({ signature, release: { ...release, number: 9, digest: 'sha256:0' } })))
  assert.notEqual(newer, module)
  assert.equal(essence(newer), essence(module))
  assert.equal(essence(module.replaceAll('\n', '\r\n').replaceAll(/([^{\n])\n {2}(?=[a-z])/g, '$1;\n    ')), essence(module))
  const renamed = { ...CREDIT, columns: CREDIT.columns.map((one) => (one.name === 'age' ? { ...one, name: 'years' } : one)) }
  assert.notEqual(essence(typesModule([typed(renamed)])), essence(typesModule([typed(CREDIT)])))
})
