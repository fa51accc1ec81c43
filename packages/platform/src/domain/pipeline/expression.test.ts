import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { compileExpression, type Field, type Value } from './evaluate.ts'
import { parseExpression } from './parser.ts'

type RowOf = Record<string, Value>
const TYPES: Record<string, Field<RowOf>['type']> = {
  x: 'number',
  y: 'number',
  name: 'text',
  flag: 'boolean',
  'p.bad': 'number',
  p_bad: 'number',
  'two words': 'number',
  'p.1': 'number',
}

function run(text: string, row: RowOf = {}): Value {
  const resolve = (parts: string[]): Field<RowOf> | { problem: string } => {
    const key = parts.join('.')
    const type = TYPES[key]
    return type ? { type, read: (columns) => columns[key] ?? null } : { problem: `no ${key}` }
  }
  return compileExpression(parseExpression(text), resolve, text).read(row, 0)
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
  const cases: [string, Value][] = [
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
  const cases: [string, Value][] = [
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
    ['abs(x)', /no functions/],
    ['x > 1 x', /"x" was not expected/],
    ['`` = 1', /empty/],
    ['and', /backquotes/],
    ['zzz > 1', /no zzz/],
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
