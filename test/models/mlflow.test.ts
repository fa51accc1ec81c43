import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { servingCheck } from '../../packages/platform/src/app/serving-check.ts'
import { fails } from '../../packages/platform/src/model/test-support.ts'
import { testServing } from '../../packages/platform/src/transport/http/testing/serving.ts'
import { folderListing, serveModel } from './served.ts'

const FOLDER = join(import.meta.dirname, 'mlflow')

/** Directories that MLflow 1.30 to 3.17 wrote, refused for these reasons: what of them is kept is enough to be refused. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  'v1_30-sklearn': /model\.pkl is not a model that can be read: it is a Python pickle/,
  'v1_30-xgboost-binary': /model\.xgb .* XGBoost model in the old binary format; load it with an XGBoost older than 3\.1/,
  'v3-lightgbm-sklearn': /model\.pkl .* Python pickle/,
  'v3-models-from-code': /no flavour that is read .* python_function, which only Python can run/,
  'v3-pyfunc-custom': /no flavour that is read .* python_function, which only Python can run/,
  'v3-sklearn-pickle': /model\.pkl .* Python pickle/,
  'v3-statsmodels': /no flavour that is read .* python_function, statsmodels, which only Python can run/,
}

interface Case {
  case: string
  request: unknown
  response: { predictions: unknown }
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : undefined
}

/** Fails where two answers differ: numbers by more than `relative` of them, anything else at all. */
function same(got: unknown, wanted: unknown, { relative, path }: { relative: number; path: string }): void {
  const [a, b] = [numberOf(got), numberOf(wanted)]
  if (a !== undefined && b !== undefined) {
    assert.ok(Object.is(a, b) || Math.abs(a - b) <= relative * Math.max(1e-3, Math.abs(b)), `${path}: ${a}, expected ${b}`)
    return
  }
  if (typeof wanted !== 'object' || wanted === null) {
    assert.equal(got, wanted, path)
    return
  }
  assert.ok(typeof got === 'object' && got !== null, `${path}: ${JSON.stringify(got)}`)
  assert.deepEqual(Object.keys(got), Object.keys(wanted), path)
  for (const [key, inner] of Object.entries(wanted)) same((got as Record<string, unknown>)[key], inner, { relative, path: `${path}.${key}` })
}

const directories = readdirSync(FOLDER).filter((name) => !name.includes('.'))

/** Directories of the table of the README, by how they are served. */
function listedAs(served: string): string[] {
  const lines = readFileSync(join(FOLDER, 'README.md'), 'utf8').split('\n')
  const rows = lines.map((line) => line.split('|').map((cell) => cell.trim())).filter((cells) => /^v\d/.test(cells[1] ?? ''))
  return rows.filter((cells) => cells[3] === served).map((cells) => cells[1] ?? '')
}

test('the table says which directories are served natively, and that no other is', () => {
  assert.deepEqual(
    listedAs('native'),
    directories.filter((name) => !(name in REFUSED)),
  )
  assert.deepEqual(listedAs('refused'), ['v1_30-xgboost-binary'])
  const python = Object.keys(REFUSED).filter((name) => name !== 'v1_30-xgboost-binary')
  assert.deepEqual(
    python.filter((name) => !listedAs('Python').includes(name)),
    [],
  )
  assert.equal(listedAs('native').length + listedAs('Python').length + 1, 39)
})

describe('directories that MLflow wrote answer the scoring protocol as MLflow does', () => {
  for (const directory of directories.filter((name) => !(name in REFUSED))) {
    test(directory, async () => {
      const folder = join(FOLDER, directory)
      await using model = await serveModel(folderListing(folder))
      assert.ok(model.read.example.length > 0, 'the input example is understood')
      const check = await servingCheck(model.session, model.read.signature, model.read.serving ?? assert.fail('there is no serving example'))
      assert.deepEqual([check.name, check.ok], ['serving', true], check.detail)
      await using serving = await testServing({ releases: [{ ...model.release, deployment: 'credit' }], session: model.session })
      const { cases } = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as { cases: Case[] }
      assert.ok(cases.length > 0)
      for (const { case: name, request, response } of cases) {
        const answer = await serving.post('/deployments/credit/invocations', request)
        const text = await answer.text()
        assert.equal(answer.status, 200, `${name}: ${text.slice(0, 500)}`)
        const wide = model.read.signature.outputs.some(({ type }) => type === 'float64')
        same(JSON.parse(text), response, { relative: wide ? 1e-12 : 1e-6, path: name })
      }
    })
  }
})

describe('what only Python can run is refused by name', () => {
  assert.deepEqual(
    Object.keys(REFUSED).filter((name) => !directories.includes(name)),
    [],
  )
  for (const [directory, words] of Object.entries(REFUSED)) {
    test(directory, async () => {
      await assert.rejects(serveModel(folderListing(join(FOLDER, directory))), fails('code-not-allowed', words))
    })
  }
})

interface Exchange {
  id: string
  request: { path: string; body: string }
  response: { status: number; body: string }
  contract: string
}

test('what a server of MLflow answered for a pickled pipeline, the same pipeline answers from its skops file', async () => {
  const lines = readFileSync(join(FOLDER, 'recorded.jsonl'), 'utf8').trim().split('\n')
  await using model = await serveModel(folderListing(join(FOLDER, 'v3-sklearn-skops')))
  await using serving = await testServing({ releases: [{ ...model.release, deployment: 'credit' }], session: model.session })
  for (const { id, request, response, contract } of lines.map((line) => JSON.parse(line) as Exchange)) {
    const answer = await serving.post(request.path, JSON.parse(request.body))
    const text = await answer.text()
    assert.equal(answer.status, response.status, `${id}: ${text}`)
    const [got, wanted] = [JSON.parse(text), JSON.parse(response.body)]
    if (response.status === 200) same(got, wanted, { relative: 0, path: id })
    else assert.equal(got.error_code, wanted.error_code, `${id}: ${text}`)
    const words = /fixed text `([^`]+)`/.exec(contract)?.[1]
    if (words !== undefined) assert.ok(got.message.startsWith(words), `${id}: ${text}`)
  }
})
