import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Row } from '@fairlead/contract'
import { FAIRLEAD, fairlead, nodeFirst, type RunningPlatform, startPlatform } from '../support/platform.ts'
import { controlOf, EXAMPLE, eventually } from './rig.ts'

/** Callers speak of years, of a purpose that may be missing, and of `living`. */
const STEPS = `
- inputs:
    - { name: years, type: float64, min: 0.5, max: 10, unit: years }
    - { name: living, type: string, values: [own, rent, free] }
- rename: { living: housing }
- derive:
    months: years * 12
    duration: months
- default: { purpose: car }
- clip: { credit_amount: { min: 100, max: 20000 } }
- model: {}
- calibrate: { as: beta, a: 1, b: 1, c: 0.5, of: bad }
- derive: { monthly: credit_amount / months }
- decide: { rules: [{ label: review, when: probabilities.bad > 0.4 or monthly > 1000, reason: doubtful }], otherwise: accept, reason: why }
- select: [label, probabilities, decision, why, monthly]
`

const BASE = { age: 40, sex: 'male', job: 2, saving_accounts: 'little', checking_account: 'moderate' }
const ROWS: Row[] = [
  { ...BASE, living: 'own', credit_amount: 1000000, years: 2, purpose: null },
  { ...BASE, age: 25, living: 'rent', credit_amount: 12000, years: 0.5, purpose: 'business' },
  { ...BASE, living: 'free', credit_amount: 1500, years: 1.5, purpose: 'car' },
]
/** The same rows as the model takes them. */
const PLAIN = ROWS.map(({ living, years, purpose, credit_amount, ...row }) => ({
  ...row,
  housing: living,
  duration: Number(years) * 12,
  purpose: purpose ?? 'car',
  credit_amount: Math.min(20000, Number(credit_amount)),
}))

async function post(url: string, body: unknown, type = 'application/json'): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': type },
    body: type === 'application/json' ? JSON.stringify(body) : String(body),
  })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return text
}

interface Prediction {
  label: string
  probabilities: { bad: number; good: number }
  decision: string
  why: string | null
  monthly: number
}

async function predictions(platform: RunningPlatform, name: string, rows: readonly Row[]): Promise<Prediction[]> {
  return (JSON.parse(await post(`${platform.run.http}/v1/deployments/${name}/predict`, { rows })) as { predictions: Prediction[] }).predictions
}

test('a pipeline is deployed, and answers the same by rows, CSV and tensors; the log has what callers sent and got', { timeout: 180_000 }, async () => {
  await using platform = await startPlatform({ args: ['--processes', '1', '--apply', EXAMPLE] })
  await eventually('the declaration is applied', () => /sign-in#/.test(platform.output()), 60_000)
  const file = join(platform.data, 'pipeline.yaml')
  writeFileSync(file, STEPS)
  const deployed = await fairlead(platform.data, ['deploy', 'stepped', '--model', 'credit-risk@champion', '--pipeline', file])
  assert.equal(deployed.code, 0, deployed.stderr)

  const plain = await predictions(platform, 'credit-risk', PLAIN)
  const got = await predictions(platform, 'stepped', ROWS)
  for (const [i, { probabilities, label, monthly, decision, why }] of got.entries()) {
    const { bad } = plain[i]!.probabilities
    const calibrated = 1 / (1 + Math.exp(-(Math.log(bad) - Math.log1p(-bad) + 0.5)))
    assert.ok(Math.abs(probabilities.bad - calibrated) < 1e-6, `${probabilities.bad} and ${calibrated}`)
    assert.ok(Math.abs(probabilities.bad + probabilities.good - 1) < 1e-9)
    assert.deepEqual([label, monthly], [plain[i]!.label, PLAIN[i]!.credit_amount / PLAIN[i]!.duration])
    const doubtful = probabilities.bad > 0.4 || monthly > 1000
    assert.deepEqual([decision, why], doubtful ? ['review', 'doubtful'] : ['accept', null])
  }

  const columns = Object.keys(ROWS[0]!)
  const csv = [columns.join(','), ...ROWS.map((row) => columns.map((name) => row[name] ?? '').join(','))].join('\n')
  const table = (await post(`${platform.run.http}/v1/deployments/stepped/predict`, csv, 'text/csv')).trim().split('\n')
  assert.equal(table[0]!.trim(), 'label,probabilities_bad,probabilities_good,decision,why,monthly')
  assert.deepEqual(
    table.slice(1).map((line) => line.trim().split(',').slice(3)),
    got.map(({ decision, why, monthly }) => [decision, why ?? '', `${monthly}`]),
  )

  const oip = `${platform.run.http}/v2/models/stepped`
  const described = (await (await fetch(oip)).json()) as { inputs: { name: string; datatype: string; shape: number[] }[]; outputs: { name: string }[] }
  assert.deepEqual(described.inputs.map(({ name }) => name).sort(), columns.toSorted())
  assert.ok(described.inputs.every(({ shape }) => shape.length === 1))
  const inputs = described.inputs.flatMap(({ name, datatype }) =>
    name === 'purpose' ? [] : [{ name, datatype, shape: [2], data: ROWS.slice(1).map((row) => row[name]) }],
  )
  inputs.push({ name: 'purpose', datatype: 'BYTES', shape: [2], data: ROWS.slice(1).map((row) => row.purpose) })
  const { outputs } = JSON.parse(await post(`${oip}/infer`, { inputs })) as { outputs: { name: string; data: unknown[] }[] }
  const output = (name: string) => outputs.find((one) => one.name === name)?.data
  assert.deepEqual(
    output('decision'),
    got.slice(1).map(({ decision }) => decision),
  )
  assert.deepEqual(
    output('monthly'),
    got.slice(1).map(({ monthly }) => monthly),
  )
  assert.deepEqual(
    output('probabilities'),
    got.slice(1).flatMap(({ probabilities: { bad, good } }) => [bad, good]),
  )

  const openapi = (await (await fetch(`${platform.run.http}/v1/deployments/stepped/openapi.json`)).json()) as {
    components: {
      schemas: { Row: { properties: Record<string, { minimum?: number }>; required: string[] }; Prediction: { properties: Record<string, unknown> } }
    }
  }
  const { Row: row, Prediction: prediction } = openapi.components.schemas
  assert.deepEqual([row.properties.years!.minimum, row.required.includes('purpose')], [0.5, false])
  assert.deepEqual(Object.keys(prediction.properties), ['label', 'probabilities', 'decision', 'why', 'monthly'])

  const { signature } = await controlOf(platform).call('getDeploymentSignature', { params: { deployment: 'stepped' } })
  assert.deepEqual(signature.columns.map(({ name }) => name).sort(), columns.toSorted())

  const rowsFile = join(platform.data, 'rows.csv')
  writeFileSync(rowsFile, csv)
  const ask = async (...args: string[]) => {
    const said = await fairlead(platform.data, ['pipeline', ...args, '--model', 'credit-risk@champion'])
    assert.equal(said.code, 0, said.stderr)
    return said.stdout
  }
  assert.match(await ask('check', file), /4 default\n {4}purpose {2}text, changed\n(?:.*\n)*CALLERS SEND/)
  const { answers } = JSON.parse(await ask('run', file, '--rows', rowsFile, '--json')) as { answers: Prediction[] }
  assert.deepEqual(answers, got)
  assert.match(await ask('explain', file, '--rows', rowsFile), /3 rows\n(?:.*\n)*5 clip\n {4}credit_amount {2}integer, changed in 1 row: 1000000 → 20000/)
  const wrong = await fairlead(platform.data, ['pipeline', 'check', file, '--model', 'nobody'])
  assert.deepEqual([wrong.code, /model-unknown|no model/i.test(wrong.stderr)], [1, true], wrong.stderr)

  const logged = async () => (await fairlead(platform.data, ['logs', 'stepped', '--format', 'csv'])).stdout.trim().split('\n')
  const [head = '', ...lines] = await eventually('the log has the rows', async () => ((await logged()).length > 3 ? logged() : undefined), 30_000)
  const at = (name: string) => head.split(',').indexOf(name)
  const cells = lines.map((line) => line.split(',')).find((line) => line[at('living')] === 'rent')
  assert.deepEqual(
    ['years', 'decision', 'monthly', 'age'].map((name) => cells?.[at(name)]),
    ['0.5', 'review', '2000.0', '25'],
    head,
  )
})

/** Ends with what it said. */
async function cli(platform: RunningPlatform, args: string[]): Promise<{ stdout: string; stderr: string; code: number | null }> {
  const child = spawn(process.execPath, [FAIRLEAD, ...args, '--url', platform.run.control, '--token', platform.token], { env: nodeFirst(), cwd: platform.data })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => (said.stdout += chunk))
  child.stderr.on('data', (chunk) => (said.stderr += chunk))
  return { code: await new Promise((resolve) => child.once('close', resolve)), ...said }
}

test('a pipeline is fitted on training data, deployed, and answers with what was learnt', { timeout: 180_000 }, async () => {
  await using platform = await startPlatform({ args: ['--processes', '1', '--apply', EXAMPLE] })
  await eventually('the declaration is applied', () => /sign-in#/.test(platform.output()), 60_000)
  const [file, out] = [join(platform.data, 'pipeline.yaml'), join(platform.data, 'fitted.yaml')]
  const [model, data] = ['credit-risk@champion', join(EXAMPLE, 'data/train.parquet')]
  writeFileSync(file, '- impute: { purpose: { with: most-frequent } }\n- model: {}\n- calibrate: { as: platt, of: bad }\n')
  const unfitted = await cli(platform, ['deploy', 'fitted', '--model', model, '--pipeline', file])
  assert.match(unfitted.stderr, /not fitted.*fairlead pipeline fit/)
  const lacks = await cli(platform, ['pipeline', 'fit', file, '--data', data, '--out', out])
  assert.deepEqual([lacks.code, /name --model and --label/.test(lacks.stderr)], [1, true], lacks.stderr)
  const fitted = await cli(platform, ['pipeline', 'fit', file, '--data', data, '--label', 'risk', '--positive', '0', '--model', model, '--out', out])
  assert.equal(fitted.code, 0, fitted.stderr)
  const written = readFileSync(out, 'utf8')
  assert.match(written, /purpose:\n +with: most-frequent\n +value: car\n +fitted: sha256:/)
  assert.match(written, /calibrate:\n +as: platt\n +of: bad\n +a: -\d/)
  const deployed = await cli(platform, ['deploy', 'fitted', '--model', model, '--pipeline', out])
  assert.equal(deployed.code, 0, deployed.stderr)
  const [a, b] = ['a', 'b'].map((name) => Number(new RegExp(`^ +${name}: (.*)$`, 'm').exec(written)?.[1]))
  const rows = PLAIN.map((row) => ({ ...row, purpose: null }))
  const plain = await predictions(
    platform,
    'credit-risk',
    PLAIN.map((row) => ({ ...row, purpose: 'car' })),
  )
  for (const [i, { probabilities }] of (await predictions(platform, 'fitted', rows)).entries())
    assert.ok(Math.abs(probabilities.bad - 1 / (1 + Math.exp(a! * plain[i]!.probabilities.bad + b!))) < 1e-6)
})

test('what a pipeline lacks is refused before there is a release, and a row that it cannot take by its place', { timeout: 180_000 }, async () => {
  await using platform = await startPlatform({ args: ['--processes', '1', '--apply', EXAMPLE] })
  await eventually('the declaration is applied', () => /sign-in#/.test(platform.output()), 60_000)
  const file = join(platform.data, 'pipeline.yaml')
  const deploy = (text: string) => {
    writeFileSync(file, text)
    return fairlead(platform.data, ['deploy', 'stepped', '--model', 'credit-risk@champion', '--pipeline', file, '--json'])
  }
  const cases: [string, RegExp][] = [
    ['- derive: { duration: yeers * 12 }\n- model: {}', /pipeline\[0\]\.derive\.duration/],
    ['- derive: { duration: "\'a\'" }\n- model: {}', /pipeline\[1\]\.model\.duration/],
    ['- select: { drop: [age] }\n- model: {}', /pipeline\[1\]\.model\.age/],
    ['- scale: { age: { as: standard } }\n- model: {}', /not fitted/],
    ['- ensemble: {}\n- model: {}', /not supported yet/],
  ]
  for (const [text, words] of cases) {
    const said = await deploy(text)
    assert.equal(said.code, 1)
    assert.match(said.stdout, words)
  }
  const done = await deploy('- inputs: [{ name: years, type: float64 }]\n- derive: { duration: 12 / years }\n- model: {}')
  assert.equal(done.code, 0, done.stderr + done.stdout)
  const row = { ...PLAIN[0]!, years: 0 } as Row
  delete row.duration
  const response = await fetch(`${platform.run.http}/v1/deployments/stepped/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ rows: [{ ...row, years: 1 }, row] }),
  })
  assert.equal(response.status, 422)
  const problem = (await response.json()) as { code: string; errors: { path: string }[] }
  assert.deepEqual([problem.code, problem.errors[0]!.path], ['value-missing', 'rows[1].duration'])
})
