import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeError, statusOf, troubleReport } from './problem.ts'

const problem = {
  type: 'https://fairlead.dev/errors/column-missing',
  title: 'A required column is missing',
  status: 422,
  code: 'column-missing',
  detail: 'rows[0] has no age',
  errors: [{ path: 'rows[0].age', code: 'column-missing', detail: 'is required' }],
  requestId: 'r-1',
}

test('a problem document keeps its words, and the table adds what to do', () => {
  for (const error of [Object.assign(new Error(problem.detail), { problem }), Object.assign(new Error(problem.detail), problem)]) {
    const trouble = describeError(error)
    assert.equal(trouble.code, 'column-missing')
    assert.equal(trouble.status, 422)
    assert.equal(trouble.detail, 'rows[0] has no age')
    assert.match(trouble.remedy, /Add the column/)
    assert.equal(trouble.items.length, 1)
    assert.equal(statusOf(error), 422)
  }
})

test('a code newer than this page still shows what the platform said', () => {
  const trouble = describeError(Object.assign(new Error('x'), { problem: { ...problem, code: 'brand-new', title: 'New' } }))
  assert.equal(trouble.title, 'New')
  assert.equal(trouble.code, 'brand-new')
})

test('no answer and a bug of the page are told apart', () => {
  assert.equal(describeError(new TypeError('Failed to fetch')).code, 'unreachable')
  const unreachable = Object.assign(new Error('No answer'), { status: 0, code: 'unreachable', problem: { status: 0, code: 'unreachable', detail: 'x' } })
  assert.equal(describeError(unreachable).title, 'The platform does not answer')
  assert.equal(statusOf(unreachable), undefined)
  assert.equal(describeError(new RangeError('bad')).code, 'console-error')
  assert.equal(describeError('odd').detail, 'odd')
  assert.equal(statusOf(undefined), undefined)
})

test('the report has everything somebody else needs', () => {
  const report = troubleReport(describeError(Object.assign(new Error('x'), { problem })), '/deployments/a')
  for (const part of ['column-missing', 'r-1', '422', 'rows[0].age', '/deployments/a']) assert.ok(report.includes(part), part)
})
