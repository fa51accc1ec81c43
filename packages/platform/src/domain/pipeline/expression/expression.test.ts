import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { evaluateRows, type RowValue, type Types } from './testing/frames.ts'

const TYPES: Types = {
  x: 'number',
  y: 'number',
  name: 'text',
  flag: 'boolean',
  'p.bad': 'number',
  p_bad: 'number',
  'two words': 'number',
  'p.1': 'number',
  case: 'number',
  end: 'number',
  big: 'integer',
  at: 'time',
}

function run(text: string, row: Record<string, RowValue> = {}): RowValue {
  return evaluateRows(text, TYPES, [row])[0]!
}

function refusal(text: string): string {
  try {
    run(text)
  } catch (error) {
    assert.ok(error instanceof FairleadError)
    assert.equal(error.code, 'expression-invalid')
    return error.message
  }
  assert.fail(`${text} was accepted`)
}

test('operators bind as in arithmetic and SQL', () => {
  const cases: [string, RowValue][] = [
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['10 - 4 - 3', 3],
    ['-2 * -3', 6],
    ['- - 2', 2],
    ['7 % 4 / 3', 1],
    ['1e3 + .5', 1000.5],
    ['not 1 > 2 and 3 > 2', true],
    ['true or true and false', true],
    ['(true or true) and false', false],
    ['2 between 1 and 3 and false', false],
    ['2 not between 1 and 3', false],
    ["'it''s' = 'it''s'", true],
    ["'a' < 'b'", true],
    ['1 == 1', true],
    ['1 <> 1', false],
    ['3 in (1, 2, 3)', true],
    ["'c' NOT IN ('a', 'b')", true],
  ]
  for (const [text, expected] of cases) assert.equal(run(text), expected, text)
})

test('names are plain, dotted or quoted', () => {
  assert.equal(run('p.bad > 0.3', { 'p.bad': 0.5 }), true)
  assert.equal(run('p_bad > 0.3', { p_bad: 0.1 }), false)
  assert.equal(run('p.1', { 'p.1': 4 }), 4)
  assert.equal(run('`two words` + "x"', { 'two words': 1, x: 2 }), 3)
})

test('nulls follow three-valued logic', () => {
  const cases: [string, RowValue][] = [
    ['x > 1', null],
    ['x is null', true],
    ['x is not null', false],
    ['x > 1 and false', false],
    ['false and x > 1', false],
    ['x > 1 or true', true],
    ['x > 1 or false', null],
    ['not x > 1', null],
    ['x in (1, 2)', null],
    ['1 in (2, null)', null],
    ['1 in (1, null)', true],
    ['1 not in (2, null)', null],
    ['x between 1 and 2', null],
    ['1 / 0', null],
    ['1 % 0', null],
    ['x = null', null],
    ['-x', null],
    ['null', null],
  ]
  for (const [text, expected] of cases) assert.equal(run(text), expected, text)
})

test('errors name the column and point at it', () => {
  const message = refusal('x > 1 and and')
  assert.match(message, /column 11/)
  const [, snippet, caret] = message.split('\n')
  assert.equal(snippet!.indexOf('and and') + 4, caret!.indexOf('^'))
  const cases: [string, RegExp][] = [
    ['', /empty/],
    ['x >', /end of the expression/],
    ['(x > 1', /expected "\)"/],
    ["name = 'a", /not closed/],
    ['x ; y', /";" has no meaning/],
    ['x in ()', /expected a value/],
    ['x between 1 or 2', /expected "and"/],
    ['x not 1', /"in" or "between"/],
    ['x is 1', /expected "null"/],
    ['1x', /begin with a digit/],
    ['1e999', /too large/],
    ['abss(x)', /no function "abss"/],
    ['now()', /another answer later/],
    ['p.bad(x)', /"p.bad" is not a function/],
    ['x > 1 x', /"x" was not expected/],
    ['`` = 1', /empty/],
    ['and', /backquotes/],
    ['zzz > 1', /no field "zzz"; there are x, y/],
    ['nam = 1', /did you mean "name"/],
  ]
  for (const [text, pattern] of cases) assert.match(refusal(text), pattern, text)
})

test('types are checked before anything runs', () => {
  assert.match(refusal("x = 'a'"), /number cannot be compared with a text/)
  assert.match(refusal('name + 1'), /number is needed here, and this is a text/)
  assert.match(refusal('x and true'), /truth value is needed/)
  assert.match(refusal("x in (1, 'a')"), /cannot be compared/)
  assert.match(refusal('not x'), /truth value/)
})

test('length and depth are limited without a stack overflow', () => {
  assert.match(refusal('1 +'.repeat(5000)), /at most 10000/)
  assert.match(refusal(`${'('.repeat(3000)}1${')'.repeat(3000)}`), /nested deeper than 100/)
  assert.match(refusal(`${'-'.repeat(3000)}1`), /nested deeper/)
  assert.match(refusal(`${'not '.repeat(2000)}true`), /nested deeper/)
  assert.equal(run(`1${'+1'.repeat(1000)}`), 1001)
  assert.match(refusal(`1${'+1'.repeat(1001)}`), /at most 1000 operators/)
})

test('a case answers its first branch that holds', () => {
  const cases: [string, RowValue][] = [
    ["case when x > 2 then 'high' when x > 1 then 'middle' else 'low' end", 'middle'],
    ['case when x > 2 then 1 end', null],
    ["case x when 1 then 'one' when 2 then 'two' end", 'two'],
    ["case flag when true then 'yes' when false then 'no' else 'unknown' end", 'no'],
    ['case when y > 0 then 1 else 2 end', 2],
    ['case when flag then 1 when x = 2 then case when x > 1 then 10 else 20 end else 3 end', 10],
    ["if(x > 1, 'a', 'b') || 'c'", 'ac'],
    ['if(x < 1, 5)', null],
    ['if(x > 1, null, 5)', null],
    ['coalesce(y, x, 3)', 2],
    ['coalesce(y, y)', null],
    ['nullif(x, 2)', null],
    ['nullif(x, y)', 2],
    ['not coalesce(y > 1, flag)', true],
  ]
  for (const [text, expected] of cases) assert.equal(run(text, { x: 2, flag: false }), expected, text)
  assert.match(refusal('case when x > 1 then 1 else name end'), /a number cannot be compared with a text/)
  assert.match(refusal('case x > 1 then 1 end'), /expected "when", got "then"/)
  assert.match(refusal('case when x > 1 then 1'), /expected "when", "else" or "end", got the end/)
  assert.match(refusal('case when x then 1 end'), /a truth value is needed here, and this is a number/)
  assert.match(refusal(`case ${'when flag then 1 '.repeat(101)} end`), /at most 100 branches/)
})

test('columns may be called like the words of a case', () => {
  assert.equal(run('case + end', { case: 1, end: 2 }), 3)
  assert.equal(run('case is null', { case: 1 }), false)
  assert.equal(run('case when case > 0 then `end` end', { case: 1, end: 2 }), 2)
})

test('whole numbers of 64 bits are exact, and null where they do not fit', () => {
  const big = 9007199254740993n
  const cases: [string, RowValue][] = [
    ['big + 1', big + 1n],
    ['big - 9007199254740992', 1n],
    ['big = 9007199254740993', true],
    ['big > 9007199254740992', true],
    ['9007199254740992 < big', true],
    ['big * 1000', big * 1000n],
    ['big * 10000', null],
    ['big * big', null],
    ['-big', -big],
    ['big % 10', 3n],
    ['big / 2', 4503599627370496],
    ['big + 0.5', 9007199254740992],
    ['big % 0', null],
    ['big in (1, 2, 3, 9007199254740993)', true],
    ['case when x is null then big else 1 end', big],
    ['big + (2 * 3)', big + 6n],
    ['9223372036854775807 - big > 0', true],
    ['big between 9007199254740993 and 9007199254740994', true],
  ]
  for (const [text, expected] of cases) assert.equal(run(text, { big }), expected, text)
})

test('times are compared with times and with what is written as one', () => {
  const at = new Date('2026-01-31T12:00:00Z')
  assert.equal(run("at >= '2026-01-31'", { at }), true)
  assert.equal(run("at = '2026-01-31T13:00:00+01:00'", { at }), true)
  assert.equal(run("at in ('2026-01-30', '2026-01-31T12:00:00Z')", { at }), true)
  assert.deepEqual(run("coalesce(at, '2026-01-01')", {}), new Date('2026-01-01'))
  assert.match(refusal("at > 'yesterday'"), /'yesterday' is not a time/)
  assert.match(refusal('at > name'), /a time cannot be compared with a text/)
  assert.match(refusal('at - at'), /seconds_between/)
})
