import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { UnreadAnswers } from './unread-answers.ts'

test('the connections that wait longest are cut until the others fit', () => {
  const unread = new UnreadAnswers(100)
  const [a, b, c, d] = [new Socket(), new Socket(), new Socket(), new Socket()]
  const cut = () => [a, b, c, d].map(({ destroyed }) => destroyed)
  unread.add(a, 40)
  unread.add(b, 40)
  // its next answer, so it was taken in between
  unread.add(a, 60)
  assert.deepEqual(cut(), [false, false, false, false])
  unread.add(c, 10)
  assert.deepEqual(cut(), [false, true, false, false])
  unread.delete(a)
  unread.delete(a)
  unread.add(d, 90)
  assert.deepEqual(cut(), [false, true, false, false])
  unread.add(d, 1000)
  assert.deepEqual(cut(), [false, true, true, false])
})
