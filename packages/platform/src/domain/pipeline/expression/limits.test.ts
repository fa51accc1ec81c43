import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { compileColumns } from './compile-columns.ts'
import { columnOf, evaluateRows, specsOf } from './testing/frames.ts'
import { MAX_CHARACTERS, MAX_TEXT_LENGTH } from './text-limits.ts'

const TYPES = { s: 'text', x: 'number' } as const
const half = 'a'.repeat(MAX_TEXT_LENGTH / 2)

function failure(run: () => unknown): FairleadError {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof FairleadError, String(error))
    return error
  }
  assert.fail('nothing was thrown')
}

test('a text that would become too long fails with its row, before it is made', () => {
  assert.equal(String(evaluateRows('s || s', TYPES, [{ s: half }])[0]).length, MAX_TEXT_LENGTH)
  const joined = failure(() => evaluateRows("s || s || 'b'", TYPES, [{ s: 'a' }, { s: half }]))
  assert.equal(joined.code, 'expression-too-large')
  assert.match(joined.message, /1048577 characters in row 2; at most 1048576/)
  const replaced = failure(() => evaluateRows("replace(s, 'a', s)", TYPES, [{ s: half }]))
  assert.equal(replaced.code, 'expression-too-large')
})

test('all texts together have a limit, those in between counted too', () => {
  const rows = Array.from({ length: MAX_CHARACTERS / MAX_TEXT_LENGTH + 1 }, () => ({ s: half }))
  assert.equal(failure(() => evaluateRows('(s || s) is null', TYPES, rows)).code, 'expression-too-large')
  // the count begins anew with every evaluation
  const compiled = compileColumns('(s || s) is null', specsOf(TYPES))
  const frame = [
    columnOf(
      'text',
      Array.from({ length: 200 }, () => half),
    ),
    columnOf(
      'number',
      Array.from({ length: 200 }, () => 0),
    ),
  ]
  for (let i = 0; i < 3; i++) assert.equal(compiled.evaluate(frame, 200).data[199], 0)
})

test('a branch that is not taken does not fail, nor does a side that is already decided', () => {
  const rows = [
    { s: half, x: 1 },
    { s: 'ab', x: 0 },
    { s: null, x: 0 },
  ]
  const cases: [string, unknown[]][] = [
    ["case when length(s) > 10 then 'long' else s || s || s end", ['long', 'ababab', null]],
    ["if(length(s) < 10, replace(s, 'a', s || 'x'), 'long')", ['long', 'abxb', 'long']],
    ["length(s) > 10 or contains(s || s || s, 'ba')", [true, true, null]],
    ["length(s) < 10 and contains(s || s || s, 'ba')", [false, true, null]],
    ["coalesce(nullif(left(s, 1), 'b'), s || s || s)", ['a', 'a', null]],
  ]
  for (const [text, expected] of cases) assert.deepEqual(evaluateRows(text, TYPES, rows), expected, text)
  assert.equal(failure(() => evaluateRows("case when length(s) < 10 then 'short' else s || s || s end", TYPES, rows)).code, 'expression-too-large')
})

test('what is known to be too long is refused with its place', () => {
  const text = `replace('${'a'.repeat(3000)}', 'a', '${'b'.repeat(3000)}')`
  const error = failure(() => compileColumns(text, []))
  assert.equal(error.code, 'expression-invalid')
  assert.match(error.message, /9000000 characters.*\(column 1\)/)
})

test('functions say what they take', () => {
  const cases: [string, RegExp][] = [
    ['round()', /round takes 1 to 2 values, not 0/],
    ['sqrt(1, 2)', /sqrt takes 1 value, not 2 \(column 1\)/],
    ['concat()', /at least 1 values/],
    ['lower(x)', /lower takes a text here, and this is a number; text\(…\) writes it as one \(column 7\)/],
    ['sqrt(s)', /a number here, and this is a text; number\(…\) reads one/],
    ['year(s)', /a time here, and this is a text; to_time/],
    ["year('31.1.2026')", /not a time/],
    ['round(x, x)', /written out/],
    ['round(x, 99)', /from -15 to 15/],
    ["truncate('fortnight', from_epoch(x))", /one of 'second', 'minute'.*this is 'fortnight'/],
    ["hour(from_epoch(x), 'Europe/Berln')", /did you mean 'Europe\/Berlin'/],
    ['if(x > 1)', /if takes a condition/],
    ['sum(x)', /one row at a time/],
    ['max(x, 1)', /greatest/],
    ["regexp_matches(s, 'a')", /for ever/],
    ['lenght(s)', /did you mean "length"/],
    ['s + s', /joined with \|\|/],
    ['coalesce(x, s)', /a number cannot be compared with a text/],
  ]
  for (const [text, pattern] of cases) assert.match(failure(() => compileColumns(text, specsOf(TYPES))).message, pattern, text)
})

test('an expression forgets the rows it has seen, and one of no rows is answered', () => {
  const compiled = compileColumns("upper(s) || 'x'", specsOf(TYPES))
  assert.deepEqual(compiled.evaluate([columnOf('text', ['a', 'b']), columnOf('number', [1, 2])], 2).data, ['Ax', 'Bx'])
  assert.deepEqual(compiled.evaluate([columnOf('text', ['c']), columnOf('number', [1])], 1).data, ['Cx'])
  assert.deepEqual(compiled.evaluate([columnOf('text', []), columnOf('number', [])], 0), { type: 'text', data: [] })
  assert.deepEqual(compiled.uses, [0])
})
