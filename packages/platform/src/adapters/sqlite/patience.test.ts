import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Patience } from './patience.ts'

/** A store of a few pages, whose room can be given and taken. */
function smallStore() {
  const database = new DatabaseSync(':memory:')
  database.exec('CREATE TABLE said (word TEXT, room BLOB)')
  const insert = database.prepare('INSERT INTO said VALUES (?, zeroblob(20000))')
  return {
    say: (word: string) => () => insert.run(word),
    room: (pages: number) => database.exec(`PRAGMA max_page_count = ${pages}`),
    said: () => database.prepare('SELECT word FROM said ORDER BY rowid').all(),
    [Symbol.dispose]: () => database.close(),
  }
}

test('what finds no room is written in its order when there is some, the last of each key', async () => {
  using store = smallStore()
  using patience = new Patience()
  patience.write('a', store.say('a1'))
  store.room(1)
  patience.write('a', store.say('a2'))
  patience.write('b', store.say('b1'))
  patience.write('a', store.say('a3'))
  assert.equal(patience.attempt(store.say('now')), false)
  await sleep(300)
  assert.equal(store.said().length, 1)
  store.room(1000)
  assert.equal(patience.attempt(store.say('before its turn')), false)
  await sleep(300)
  patience.write('c', store.say('c1'))
  assert.equal(patience.attempt(store.say('now')), true)
  assert.deepEqual(
    store.said().map(({ word }) => word),
    ['a1', 'b1', 'a3', 'c1', 'now'],
  )
})

test('other errors are thrown, and what waits goes with its store', async () => {
  const store = smallStore()
  const patience = new Patience()
  const fail = () => {
    throw new Error('wrong')
  }
  assert.throws(() => patience.write('a', fail), /wrong/)
  assert.throws(() => patience.attempt(fail), /wrong/)
  store.room(1)
  patience.write('a', store.say('a'))
  patience[Symbol.dispose]()
  store.room(1000)
  await sleep(300)
  assert.deepEqual(store.said(), [])
  store[Symbol.dispose]()
})
