import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByName } from './by-name.ts'

test('every name is a key like all others', () => {
  const record = new ByName<{ polluted: number }>()
  for (const name of ['__proto__', 'constructor', 'toString']) assert.equal(record[name], undefined)
  for (const name of ['__proto__', 'constructor', 'a']) record[name] = { polluted: 1 }
  assert.deepEqual(Object.keys(record), ['__proto__', 'constructor', 'a'])
  assert.deepEqual(Object.keys({ ...record }), Object.keys(record))
  assert.deepEqual(Object.keys(structuredClone(record)), Object.keys(record))
  assert.equal(JSON.stringify(record), '{"__proto__":{"polluted":1},"constructor":{"polluted":1},"a":{"polluted":1}}')
})

test('nothing leaks into another record, nor into any object', () => {
  for (const name of ['__proto__', 'constructor']) new ByName<object>()[name] = { polluted: 1 }
  assert.equal(new ByName<object>().polluted, undefined)
  assert.equal(({} as Record<string, unknown>).polluted, undefined)
})
