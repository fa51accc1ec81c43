import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { below, openedFake, openedHere, runBatch } from '../../testing/batch-rig.ts'
import { fakeModel, fakeRelease, fakeSession } from '../../testing/fake-model.ts'
import { temporaryFolder } from '../../testing/temporary.ts'

const HEADER = 'age,purpose,amount,duration'
const row = (amount: number | string, more = '') => `35,car,${amount},12${more}`
const csv = (rows: (number | string)[]) => `${HEADER}\n${rows.map((amount) => row(amount)).join('\n')}\n`

const fails = (code: string, words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof FairleadError, String(error))
  assert.equal(error.code, code, error.message)
  assert.match(error.message, words)
  return true
}

test('rows of a CSV file are answered in order, and the file says by whom', async () => {
  await using folder = await temporaryFolder()
  const at = below(folder)
  await writeFile(at('in.csv'), csv([1000, 9000, 2500]))
  const { error, summary, quarantine } = await runBatch({ input: at('in.csv'), output: at('out.csv') })
  assert.equal(error, null)
  assert.equal(quarantine, null)
  assert.equal(readFileSync(at('out.csv'), 'utf8'), 'label,probabilities_good,probabilities_bad\r\ngood,0.9,0.1\r\nbad,0.1,0.9\r\ngood,0.75,0.25\r\n')
  const facts = JSON.parse(readFileSync(at('out.csv.fairlead.json'), 'utf8'))
  assert.deepEqual([facts.job, facts.rows, facts.releaseDigest], ['job', 3, fakeRelease().digest])
  assert.deepEqual([summary.rows, summary.scored, summary.rejected], [3, 3, 0])
  const [label, good] = summary.columns
  assert.deepEqual(label?.values, [
    { value: 'good', rows: 2 },
    { value: 'bad', rows: 1 },
  ])
  assert.equal(good?.max, Math.fround(0.9))
  assert.ok(Math.abs((good?.mean ?? 0) - (0.9 + 0.1 + 0.75) / 3) < 1e-6)
})

test('rejected rows go to the quarantine with their line, column, reason and record, and the others are answered', async () => {
  await using folder = await temporaryFolder()
  const at = below(folder)
  const lines = [HEADER, row(1000), '17,car,1000,12', '35,"car\nboat",1,12', row('=1+1'), row(2000, ',extra'), '', row(3000), '35,car', row(7)]
  await writeFile(at('in.csv'), lines.join('\r\n'))
  const { summary, quarantine } = await runBatch({ input: at('in.csv'), output: at('out.csv') })
  assert.deepEqual([summary.rows, summary.scored, summary.rejected], [8, 3, 5])
  assert.equal(quarantine, at('out.csv.quarantine.csv'))
  const told = readFileSync(at('out.csv.quarantine.csv'), 'utf8').split('\r\n').slice(0, -1)
  assert.equal(told[0], 'source,row,line,column,code,reason,record')
  const source = at('in.csv')
  assert.equal(told[1], `${source},2,3,age,value-range,"17 is outside its range, 18 to 120 years","17,car,1000,12"`)
  assert.match(told[2] ?? '', /,3,4,purpose,value-unknown,/)
  assert.match(told[3] ?? '', /,4,6,amount,value-type,.*,"35,car,=1\+1,12"$/)
  assert.match(told[4] ?? '', /,5,7,,table-invalid,more fields than the 4 of the header,"35,car,2000,12,extra"$/)
  assert.match(told[5] ?? '', /,7,10,,table-invalid,"2 fields, and the header has 4","35,car"$/)
  assert.equal(readFileSync(at('out.csv'), 'utf8').split('\r\n').length, 5)
})

test('the job fails only past its limit, keeps the quarantine then, and writes no output', async () => {
  await using folder = await temporaryFolder()
  const at = below(folder)
  await writeFile(at('in.csv'), csv([1, 2, 'x', 4, 5, 'y', 7, 8, 9, 10]))
  const run = (maxBad: string | undefined) =>
    runBatch({ input: at('in.csv'), output: at(`${maxBad}.csv`), ...(maxBad === undefined ? {} : { maxBad }), id: `j${maxBad}` })
  for (const enough of ['2', '20%', '50.5%', undefined]) {
    assert.equal((await run(enough)).error, null)
    assert.ok(existsSync(at(`${enough}.csv`)))
  }
  for (const tooFew of ['0', '1', '19.9%']) {
    const { error, quarantine } = await run(tooFew)
    assert.equal(error?.code, 'rows-rejected')
    assert.match(error?.detail ?? '', /2 of 10 rows were rejected/)
    assert.equal(existsSync(at(`${tooFew}.csv`)), false)
    assert.equal(readFileSync(quarantine ?? '', 'utf8').split('\r\n').length, 4)
  }
  await writeFile(at('bad.csv'), csv(['x']))
  assert.match((await runBatch({ input: at('bad.csv'), output: at('none.csv') })).error?.detail ?? '', /every row/)
})

test('a row at which the model fails costs that row alone', async () => {
  await using folder = await temporaryFolder()
  const at = below(folder)
  const amounts = Array.from({ length: 700 }, (_, i) => (i % 100 === 37 ? 6660 : i))
  await writeFile(at('in.csv'), csv(amounts))
  const opened = openedFake({ ...fakeModel(), poison: 6660 })
  const { summary } = await runBatch({ input: at('in.csv'), output: at('out.csv'), opened, keepInputs: true })
  assert.deepEqual([summary.scored, summary.rejected, summary.reasons], [693, 7, { 'model-run-failed': 7 }])
  const lines = readFileSync(at('out.csv'), 'utf8').trim().split('\r\n').slice(1)
  assert.deepEqual(
    lines.map((line) => Number(line.split(',')[2])),
    amounts.filter((amount) => amount !== 6660),
  )
})

test('a model of a fixed number of rows gets as many, the last ones filled up', async () => {
  await using folder = await temporaryFolder()
  const at = below(folder)
  await writeFile(at('in.csv'), csv([1000, 2000, 3000, 4000, 5000]))
  const model = fakeModel()
  const opened = openedHere(fakeSession(model), fakeRelease(), 3)
  const { summary } = await runBatch({ input: at('in.csv'), output: at('out.csv'), opened })
  assert.deepEqual(model.runs, [3, 3])
  assert.equal(summary.scored, 5)
  assert.equal(readFileSync(at('out.csv'), 'utf8').split('\r\n')[5], 'good,0.5,0.5')
})

test('columns are found by name or by --map; what is missing, unknown or there twice is told before anything is written', async () => {
  await using folder = await temporaryFolder()
  const at = below(folder)
  await writeFile(at('in.csv'), 'AGE,purpose,amount,duration,other\n35,car,1000,12,x\n')
  const refused = (more: object, code: string, words: RegExp) =>
    assert.rejects(runBatch({ input: at('in.csv'), output: at('o.csv'), ...more }), fails(code, words))
  await refused({}, 'column-missing', /in\.csv: the file has no column "age"/)
  await refused({ map: { agee: 'AGE' } }, 'column-unknown', /no column "agee"; did you mean "age"/)
  await refused({ map: { age: 'Age' } }, 'column-missing', /no column "Age"/)
  await writeFile(at('twice.csv'), 'age,amount,duration,amount\n35,1,2,3\n')
  await refused({ input: at('twice.csv') }, 'request-invalid', /two columns "amount"/)
  const { summary } = await runBatch({ input: at('in.csv'), output: at('o.csv'), map: { age: 'AGE' }, keepInputs: true })
  assert.equal(summary.scored, 1)
  assert.equal(readFileSync(at('o.csv'), 'utf8').split('\r\n')[1], '35,car,1000,12,x,good,0.9,0.1')
  assert.deepEqual(
    readdirSync(folder.path).filter((name) => name.startsWith('.')),
    ['.o.csv.job.fairlead'],
  )
})

test('a folder and a glob are read in order of their names; forms do not mix, and others are refused with a word', async () => {
  await using folder = await temporaryFolder()
  const at = below(folder)
  await mkdir(at('day'))
  await writeFile(at('day/b.csv'), csv([2000]))
  await writeFile(at('day/a.csv'), csv([1000]))
  await writeFile(at('day/_SUCCESS'), '')
  for (const input of [at('day'), at('day/*.csv')]) {
    await runBatch({ input, output: at('out.ndjson'), id: input.length.toString() })
    const rows = readFileSync(at('out.ndjson'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(
      rows.map((one) => one.probabilities_bad),
      [0.1, 0.2],
    )
  }
  await writeFile(at('day/c.ndjson'), '{}')
  await assert.rejects(runBatch({ input: at('day'), output: at('x.csv') }), fails('request-invalid', /different forms/))
  await assert.rejects(runBatch({ input: at('none-*.csv'), output: at('x.csv') }), fails('file-unreadable', /No file/))
  await assert.rejects(runBatch({ input: at('a.xlsx'), output: at('x.csv') }), fails('file-unreadable', /a\.xlsx/))
  await writeFile(at('a.xlsx'), '')
  await assert.rejects(runBatch({ input: at('a.xlsx'), output: at('x.csv') }), fails('not-supported', /Excel/))
})

test('places outside the allowed folders are refused, also through links', async () => {
  await using folder = await temporaryFolder()
  const at = below(folder)
  await mkdir(at('open'))
  await writeFile(at('secret.csv'), csv([1]))
  await symlink(at('secret.csv'), at('open/link.csv'))
  const rules = { folders: [at('open')], closed: [] }
  for (const input of [at('secret.csv'), at('open/../secret.csv'), at('open/link.csv'), at('open/*.csv')])
    await assert.rejects(runBatch({ input, output: at('open/x.csv'), rules }), fails('path-refused', /Jobs may use files in/))
  await assert.rejects(
    runBatch({ input: at('secret.csv'), output: at('x.csv'), rules: { folders: null, closed: [folder.path] } }),
    fails('path-refused', /data folder/),
  )
})

test('a file that changes while it is read fails the job, and nothing is written', async () => {
  await using folder = await temporaryFolder()
  const at = below(folder)
  const path = at('in.csv')
  await writeFile(path, csv([1, 2, 3]))
  const run = (before: () => void) => runBatch({ input: path, output: at('out.csv'), before })
  await assert.rejects(
    run(() => writeFileSync(path, csv([1, 2, 3, 4]))),
    fails('source-changed', /had \d+ bytes/),
  )
  assert.equal(existsSync(at('out.csv')), false)
  await utimes(path, 1, 1)
})

test('what was done is not done again, and a row is there once', async () => {
  await using folder = await temporaryFolder()
  const at = below(folder)
  const rows = 60_000
  const amounts = Array.from({ length: rows }, (_, i) => i % 9999)
  await writeFile(
    at('in.csv'),
    `${HEADER}\n${amounts.map((amount) => `35,"car",${amount}.000000000000000000,12.000000000000000000000000000000000000000000`).join('\n')}`,
  )
  const begun: number[] = []
  const run = (stopAt: number) =>
    runBatch({
      input: at('in.csv'),
      output: at('out.csv'),
      before(shard) {
        if (begun.length === stopAt) throw new Error('killed')
        begun.push(shard)
      },
    })
  await assert.rejects(run(2), /killed/)
  assert.equal(existsSync(at('out.csv')), false)
  await assert.rejects(run(3), /killed/)
  await run(1000)
  assert.ok(begun.length >= 4, 'several shards')
  assert.equal(new Set(begun).size, begun.length, `no shard twice: ${begun}`)
  const written = readFileSync(at('out.csv'), 'utf8').trim().split('\r\n').slice(1)
  assert.deepEqual(
    written.map((line) => Math.round(Number(line.split(',')[2]) * 10_000)),
    amounts,
  )
})

test('an output that cannot be written is told, and nothing stays', async () => {
  await using folder = await temporaryFolder()
  const at = below(folder)
  await writeFile(at('in.csv'), csv([1]))
  await mkdir(at('folder.csv'))
  await assert.rejects(runBatch({ input: at('in.csv'), output: at('folder.csv') }), fails('target-unwritable', /is a folder/))
  await assert.rejects(runBatch({ input: at('in.csv'), output: at('in.csv') }), fails('target-unwritable', /one of the files/))
  await assert.rejects(runBatch({ input: at('in.csv'), output: at('in.csv/x.csv') }), fails('target-unwritable', /folder/))
  assert.deepEqual(readdirSync(folder.path).sort(), ['folder.csv', 'in.csv'])
})

test('a file with a header and no rows gives a file with a header and no rows', async () => {
  await using folder = await temporaryFolder()
  const at = below(folder)
  await writeFile(at('in.csv'), `${HEADER}\n`)
  const { summary } = await runBatch({ input: at('in.csv'), output: at('out.csv') })
  assert.equal(summary.rows, 0)
  assert.equal(readFileSync(at('out.csv'), 'utf8'), 'label,probabilities_good,probabilities_bad\r\n')
  await writeFile(at('empty.csv'), '')
  await assert.rejects(runBatch({ input: at('empty.csv'), output: at('x.csv') }), fails('table-invalid', /empty/))
})
