import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { cursorOf, isNumber, isText, pageOf, positionOf } from './page.ts'

test('a list is read to its end page by page', () => {
  const list = ['a', 'b', 'c', 'ü']
  const seen: string[] = []
  let next: string | undefined
  do {
    const after = positionOf(next, isText)
    const rows = list.filter((one) => after === undefined || one > after).slice(0, 3)
    const page = pageOf(rows, 2, (row) => row)
    seen.push(...page.items)
    next = page.next ?? undefined
  } while (next !== undefined)
  assert.deepEqual(seen, list)
})

test('a cursor that another list gave out, or nobody, is refused by name', () => {
  assert.equal(positionOf(cursorOf(7), isNumber), 7)
  for (const wrong of ['', '???', 'bm90aGluZw', cursorOf('a'), cursorOf([1])]) {
    assert.throws(
      () => positionOf(wrong, isNumber),
      (error) => error instanceof FairleadError && error.code === 'request-invalid' && error.items[0]?.path === 'next',
      wrong,
    )
  }
})
