import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError, toProblem } from './problem.ts'

const detailOf = (detail: string) => toProblem(new FairleadError('request-invalid', detail)).detail

test('details are sentences, whoever wrote them', () => {
  for (const [written, told] of [
    ['the body is empty; a JSON document is needed', 'The body is empty; a JSON document is needed.'],
    ['there is no deployment "x"; did you mean "y"?', 'There is no deployment "x"; did you mean "y"?'],
    ['release 3 of "x" is not served', 'Release 3 of "x" is not served.'],
    ['The limit is 10.', 'The limit is 10.'],
  ]) {
    assert.equal(detailOf(written!), told)
  }
})

test('names and places stay as they are', () => {
  for (const detail of [
    'credit has no release 3.',
    'rows[3].age: null.',
    '"age" is missing.',
    'a-model:2 is used by b.',
    'age + \n    ^ a value is needed here',
  ]) {
    assert.equal(detailOf(detail), detail)
  }
})

test('a problem has the row of its code, the places, and the request', () => {
  const item = { path: 'rows[0].age', code: 'value-type' as const, detail: '"x" is not a whole number' }
  assert.deepEqual(toProblem(new FairleadError('value-type', 'no.', { items: [item] }), 'r1'), {
    type: 'https://fairlead.dev/errors/value-type',
    title: 'A value has the wrong type',
    status: 422,
    code: 'value-type',
    detail: 'no.',
    errors: [item],
    requestId: 'r1',
  })
})
