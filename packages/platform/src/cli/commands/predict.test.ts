import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FakePlatform, fakePlatform, type Handler, problem, runFairlead } from '../testing/fake-platform.ts'
import { temporaryFolder } from '../testing/folder.ts'
import { sampleVersion } from '../testing/samples.ts'

const at = (platform: FakePlatform) => ['--url', platform.url]

/** Control and predictions on one port; every row gets its own answer. */
async function serving(predict?: Handler): Promise<FakePlatform> {
  let url = ''
  const answer: Handler = ({ body }) => {
    const { rows } = JSON.parse(String(body)) as { rows: { age?: number }[] }
    const predictions = rows.map(({ age }) => ({ label: 'good', probabilities: { bad: 0.25, good: 0.75 }, seen: age }))
    return { json: { id: 'r1', deployment: 'credit-risk', release: 2, predictions } }
  }
  const platform = await fakePlatform({
    'GET /status': () => ({ json: { addresses: { control: url, http: url, grpc: null } } }),
    'GET /deployments/credit-risk/signature': () => ({ json: { signature: sampleVersion().signature, example: [] } }),
    'POST /v1/deployments/credit-risk*': predict ?? answer,
  })
  url = platform.url
  return platform
}

const asked = (platform: FakePlatform) => platform.taken.filter(({ method }) => method === 'POST')
const rowsOf = (platform: FakePlatform) => asked(platform).map(({ body }) => JSON.parse(String(body)).rows)

test('a row gets a table for people and one document for programs', async () => {
  await using platform = await serving()
  const text = await runFairlead(['predict', 'credit-risk', '--row', '{"age": 35}', ...at(platform)])
  assert.equal(text.stdout, 'label  probabilities_bad  probabilities_good  seen\ngood                0.25                0.75    35\n')
  const json = await runFairlead(['--json', 'predict', 'credit-risk', '--row', '[{"age": 1}, {"age": 2}]', '--release', '7', ...at(platform)])
  const document = JSON.parse(json.stdout)
  assert.deepEqual([document.id, document.release, document.predictions.length], ['r1', 2, 2])
  assert.match(asked(platform).at(-1)?.path ?? '', /releases\/7\/predict$/)
})

test('a CSV file takes the types of the signature', async () => {
  await using platform = await serving()
  await using folder = await temporaryFolder({ 'rows.csv': 'age,purpose,amount\n35,007,1.5\n36,,\n37,"",2\n' })
  const ran = await runFairlead(['predict', 'credit-risk', '--file', folder.at('rows.csv'), ...at(platform)])
  assert.equal(ran.code, 0, ran.stderr)
  assert.deepEqual(rowsOf(platform)[0], [
    { age: 35, purpose: '007', amount: 1.5 },
    { age: 36, purpose: null, amount: null },
    { age: 37, purpose: '', amount: 2 },
  ])
})

test('many rows go in chunks of a thousand, in order, and become one answer', async () => {
  await using platform = await serving()
  const lines = Array.from({ length: 2500 }, (_, age) => JSON.stringify({ age }))
  const ran = await runFairlead(['predict', 'credit-risk', '-', '--json', ...at(platform)], { stdin: lines.join('\n') })
  assert.equal(ran.code, 0, ran.stderr)
  assert.deepEqual(
    rowsOf(platform).map((rows) => rows.length),
    [1000, 1000, 500],
  )
  const { predictions, ids } = JSON.parse(ran.stdout)
  assert.deepEqual([predictions.length, predictions[0].seen, predictions[2499].seen, ids.length], [2500, 0, 2499, 3])
  assert.match(ran.stderr, /2000 rows/)
})

test('--explain asks for a hundred rows at a time, and tells the reasons of the likeliest class', async () => {
  const output = (of: string, margin: number) => ({
    of,
    margin,
    bias: 0,
    contributions: { age: margin },
    reasons: [`age raises it by ${margin}`, 'b lowers it by 1'],
  })
  const explanation = { method: 'path-dependent', outputs: [output('bad', -1), output('good', 2)] }
  await using platform = await serving(({ body }) => {
    const { rows, explain } = JSON.parse(String(body)) as { rows: object[]; explain?: boolean }
    const explanations = explain ? { explanations: rows.map(() => explanation) } : {}
    return { json: { id: 'r', deployment: 'credit-risk', release: 1, predictions: rows.map(() => ({ label: 'good' })), ...explanations } }
  })
  const text = await runFairlead(['predict', 'credit-risk', '--row', '{"age": 35}', '--explain', ...at(platform)])
  assert.equal(text.stdout, 'label  _reasons\ngood   good: age raises it by 2; b lowers it by 1\n')
  const lines = Array.from({ length: 150 }, () => '{"age": 1}').join('\n')
  const json = await runFairlead(['predict', 'credit-risk', '-', '--json', '--explain', ...at(platform)], { stdin: lines })
  assert.deepEqual(
    rowsOf(platform).map((rows) => rows.length),
    [1, 100, 50],
  )
  assert.deepEqual(JSON.parse(json.stdout).explanations[149], explanation)
})

test('a refusal names the offending place, and in later chunks from where rows are counted', async () => {
  let calls = 0
  await using platform = await serving(() => {
    if (++calls === 1) return { json: { id: 'r', deployment: 'credit-risk', release: 1, predictions: Array.from({ length: 1000 }, () => ({ label: 'a' })) } }
    const one = problem(422, 'column-missing', 'rows[3] lacks the column age')
    return { ...one, json: { ...(one.json as object), errors: [{ path: 'rows[3].age', code: 'column-missing', detail: 'is missing' }] } }
  })
  const lines = Array.from({ length: 1010 }, (_, age) => JSON.stringify({ age }))
  const ran = await runFairlead(['predict', 'credit-risk', '-', ...at(platform)], { stdin: lines.join('\n') })
  assert.equal(ran.code, 1)
  assert.equal(ran.stdout, '')
  assert.match(ran.stderr, /counted from row 1000/)
  assert.match(ran.stderr, /rows\[3\]\.age: is missing/)
})

test('answers become CSV with flat columns, and with --keep-inputs stand after ids and inputs', async () => {
  await using platform = await serving(({ body }) => {
    const { rows } = JSON.parse(String(body)) as { rows: object[] }
    return {
      json: {
        id: 'r1',
        deployment: 'credit-risk',
        release: 2,
        predictions: rows.map(() => ({ label: 'a "good" one', probabilities: { bad: 0.1234567890123, good: null } })),
      },
    }
  })
  const rows = ['--row', '[{"age": 35, "purpose": "car, new"}, {"label": "x"}]']
  const ask = async (...more: string[]) => (await runFairlead(['predict', 'credit-risk', ...rows, ...more, ...at(platform)])).stdout
  const line = '"a ""good"" one",0.1234567890123,\n'
  assert.equal(await ask('--output', 'csv'), `label,probabilities_bad,probabilities_good\n${line}${line}`)
  assert.equal(
    await ask('--output', 'csv', '--keep-inputs'),
    `_id,age,purpose,label,label_predicted,probabilities_bad,probabilities_good\nr1/0,35,"car, new",,${line}r1/1,,,x,${line}`,
  )
  assert.match(await ask('--keep-inputs'), /^_id +age +purpose +label +label_predicted/)
  const document = JSON.parse(await ask('--output', 'json', '--keep-inputs'))
  assert.deepEqual([document.rowIds, document.rows[0].age, document.predictions.length], [['r1/0', 'r1/1'], 35, 2])
  assert.equal((await runFairlead(['predict', 'credit-risk', ...rows, '--output', 'xml', ...at(platform)])).code, 2)
  assert.equal((await runFairlead(['predict', 'credit-risk', ...rows, '--output', 'csv', '--json', ...at(platform)])).code, 2)
})

/** A refusal as the platform makes it: the first place in words, the number of others, and at most twenty places. */
function refusal(places: { path: string; code: string; detail: string }[], more: number | string) {
  const [first] = places
  const one = problem(422, 'column-missing', `${first?.path}: ${first?.detail} (and ${more} more).`)
  return { ...one, json: { ...(one.json as object), errors: places.slice(0, 20) } }
}

test('what is wrong with many rows is said once, with one count', async () => {
  const missing = (rows: number, name: string) =>
    Array.from({ length: rows }, (_, row) => ({ path: `rows[${row}].${name}`, code: 'column-missing', detail: `the required column "${name}" is missing` }))
  const answers = [
    refusal(missing(24, 'age'), 23),
    refusal([...missing(3, 'age'), { path: 'rows[1].amount', code: 'value-type', detail: '"x" is not a number' }], 3),
    refusal([...missing(20, 'age')], 27),
  ]
  await using platform = await serving(() => answers.shift() ?? {})
  const ask = async (rows: object[]) => (await runFairlead(['predict', 'credit-risk', '--row', JSON.stringify(rows), ...at(platform)])).stderr.split('\n')
  const all = await ask(Array.from({ length: 24 }, () => ({ purpose: 'car' })))
  assert.equal(all[0], 'error: the required column "age" is missing, in all 24 rows.')
  assert.match(all[1] ?? '', /^Add the column/)
  const some = await ask([{}, { amount: 'x' }, {}, { age: 1 }])
  assert.deepEqual(some.slice(0, 2), ['error: the required column "age" is missing, in 3 rows (0, 1, 2).', '  rows[1].amount: "x" is not a number'])
  assert.match(some[2] ?? '', /^Add/)
  const rest = await ask(Array.from({ length: 25 }, () => ({})))
  assert.equal(rest[1], '  and 3 more')
})

test('habits of pandas and of converters get a hint', async () => {
  const stranger = problem(422, 'column-unknown', 'rows[0][""]: there is no column "".')
  await using platform = await serving(() => stranger)
  const ask = async (row: object) => (await runFairlead(['predict', 'credit-risk', '--row', JSON.stringify(row), ...at(platform)])).stderr
  assert.match(await ask({ '': 0, age: 1 }), /The column "" looks like the index of a pandas table; write the file with to_csv\(…, index=False\)\./)
  assert.match(await ask({ 'Unnamed: 0': 0, age: 1 }), /"Unnamed: 0" looks like the index/)
  assert.match(await ask({ AGE: 1, 'purpose ': 'car' }), /In the model "AGE" is "age": rename the columns/)
  // what the refusal has asked is not said again
  const near = problem(422, 'column-unknown', 'rows[0].AGE: there is no column "AGE"; did you mean "age"?')
  await using asking = await serving(() => near)
  assert.doesNotMatch((await runFairlead(['predict', 'credit-risk', '--row', '{"AGE":1}', ...at(asking)])).stderr, /In the model/)
  assert.doesNotMatch(await ask({ age: 1, other: 2 }), /pandas|In the model/)
})

test('a file that is refused here has no remedy that speaks of requests', async () => {
  await using platform = await serving()
  const ran = await runFairlead(['predict', 'credit-risk', '-', ...at(platform)], { stdin: 'age;amount\n1;2\n' })
  assert.match(ran.stderr, /^error: The header of the CSV is one column, "age;amount"\. Is the file separated by ';'\? Write it with commas\.\n$/)
})

test('a key is sent where one is given, the admin token never', async () => {
  await using platform = await serving()
  await runFairlead(['predict', 'credit-risk', '--row', '{}', '--token', 'admin', ...at(platform)])
  assert.equal(asked(platform)[0]?.headers.authorization, undefined)
  await runFairlead(['predict', 'credit-risk', '--row', '{}', '--key', 'flk_1', ...at(platform)])
  assert.equal(asked(platform)[1]?.headers.authorization, 'Bearer flk_1')
  await runFairlead(['predict', 'credit-risk', '--row', '{}', ...at(platform)], { env: { FAIRLEAD_API_KEY: 'flk_2' } })
  assert.equal(asked(platform)[2]?.headers.authorization, 'Bearer flk_2')
})

test('what cannot be read is refused with the right exit code, and nothing is asked', async () => {
  await using platform = await serving()
  await using folder = await temporaryFolder({ 'rows.parquet': 'PAR1', 'empty.csv': '', 'header.csv': 'age\n', 'bad.json': '[1]' })
  const cases: [string[], number, RegExp][] = [
    [[], 2, /exactly one of --row/],
    [['--row', '{}', '-'], 2, /exactly one of --row/],
    [['rows.csv'], 2, /--file rows\.csv/],
    [['--row', '{"age": }'], 1, /--row is not valid JSON/],
    [['--row', '5'], 1, /row 0 is not an object/],
    [['--file', folder.at('rows.parquet')], 1, /parquet is not supported/],
    [['--row', '{}', '--format', 'arrow'], 1, /arrow is not supported/],
    [['--row', '{}', '--format', 'csv'], 2, /--row takes JSON/],
    [['--row', '{}', '--format', 'xml'], 2, /json, ndjson or csv/],
    [['--file', folder.at('none.csv')], 1, /none\.csv cannot be read/],
    [['--file', folder.path], 1, /not a file/],
    [['--file', folder.at('empty.csv')], 1, /empty/],
    [['--file', folder.at('header.csv')], 1, /no rows/],
    [['--file', folder.at('bad.json')], 1, /row 0 is not an object/],
  ]
  for (const [args, code, words] of cases) {
    const ran = await runFairlead(['predict', 'credit-risk', ...args, ...at(platform)])
    assert.match(ran.stderr, words)
    assert.equal(ran.code, code, ran.stderr)
  }
  assert.equal(asked(platform).length, 0)
})
