import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConnectionCount } from './connection-count.ts'

test('connections are counted together and by address, and what ends makes room', () => {
  const count = new ConnectionCount({ connections: 4, connectionsPerAddress: 2 })
  assert.deepEqual(
    ['10.0.0.1', '10.0.0.1', '10.0.0.1', '10.0.0.2'].map((address) => count.take(address)),
    [true, true, false, true],
  )
  count.give('10.0.0.1')
  assert.deepEqual(
    ['10.0.0.1', '10.0.0.3'].map((address) => count.take(address)),
    [true, true],
  )
  assert.equal(count.take('10.0.0.4'), false, 'all are taken')
  assert.equal(count.refused, 2)
})

test('this machine is limited by the total alone', () => {
  const count = new ConnectionCount({ connections: 3, connectionsPerAddress: 1 })
  assert.deepEqual(
    ['127.0.0.1', '::1', '::ffff:127.0.0.1', '127.0.0.1'].map((address) => count.take(address)),
    [true, true, true, false],
  )
})
