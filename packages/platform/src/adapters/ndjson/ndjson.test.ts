import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { readAll, testBatchForm } from '../../testing/batch-forms-suite.ts'
import { temporaryFolder } from '../../testing/temporary.ts'
import { ndjsonSource, ndjsonTarget } from './index.ts'

testBatchForm('NDJSON', { source: ndjsonSource, target: ndjsonTarget })

const AGE = [{ column: { name: 'age', type: 'int64', tensor: 'age' } as const, from: 'age' }]

test('lines that are no objects, no JSON or no UTF-8 are put apart by themselves', async () => {
  await using folder = await temporaryFolder()
  const path = `${folder.path}/x.ndjson`
  const lines = ['\ufeff{"age":1}', '', '[1]', '{"age":', '  {"age": 9007199254740993}  ', '3', '{"age":5}']
  await writeFile(path, Buffer.concat([Buffer.from(`${lines.join('\n')}\n{"age":"`), Buffer.of(0xff), Buffer.from('"}')]))
  const { rows, faults } = await readAll(ndjsonSource, path, { wanted: AGE })
  assert.deepEqual(rows, [[1], [9007199254740993n], [5]])
  assert.deepEqual(
    faults.map(({ row, line, code }) => [row, line, code]),
    [
      [1, 2, 'request-invalid'],
      [2, 3, 'json-invalid'],
      [4, 5, 'request-invalid'],
      [6, 7, 'utf8-invalid'],
    ],
  )
})

test('members called as what every object has are values like others', async () => {
  await using folder = await temporaryFolder()
  const path = `${folder.path}/x.ndjson`
  await writeFile(path, '{"__proto__":7,"age":1}\n{"age":2}\n')
  const wanted = [...AGE, { column: { name: '__proto__', type: 'int64', tensor: 'p', optional: true } as const, from: '__proto__' }]
  assert.deepEqual((await readAll(ndjsonSource, path, { wanted })).rows, [
    [1, 7],
    [2, undefined],
  ])
})
