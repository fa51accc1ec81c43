import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SignatureChange } from '@fairlead/contract/control'
import { joined, withCallers } from './callers.ts'
import type { CallerLog, SeenCaller } from './ports.ts'

const NOW = Date.parse('2026-05-01T12:00:00Z')
const clock = { now: () => NOW }
const CHANGES: SignatureChange[] = [
  { path: 'columns.age', breaking: true, detail: 'removed: rows that send it are refused' },
  { path: 'columns.purpose', breaking: true, detail: 'was optional, is required' },
  { path: 'columns.income', breaking: true, detail: 'added: rows without it are refused' },
  { path: 'fields.label', breaking: false, detail: 'added to the answer' },
]

interface Asked {
  rows?: number
  age?: number
  purpose?: number
  minutes?: number
}

function seen(caller: string, by: string, { rows = 10, age = rows, purpose = rows, minutes = 1 }: Asked = {}): SeenCaller {
  const given = new Map([
    ['age', age],
    ['purpose', purpose],
  ])
  return { caller, interface: by, lastAt: NOW - minutes * 60_000, rows, given }
}

function logOf(callers: SeenCaller[], asked: unknown[] = []): CallerLog {
  return {
    recent: async (ask) => {
      asked.push(ask)
      return callers
    },
    keyNames: async () => new Map([['k1', 'website']]),
  }
}

const CALLERS = [
  seen('key:k1', 'rows', { purpose: 4 }),
  seen('key:k1', 'grpc', { rows: 5, minutes: 90 }),
  seen('loopback', 'oip', { age: 0, minutes: 3 }),
  seen('platform', 'rows'),
]

test('each breaking change names those who meet it, the latest first', async () => {
  const asked: unknown[] = []
  const changes = await withCallers(CHANGES, { deployment: 'credit', redacted: [] }, { log: logOf(CALLERS, asked), clock })
  assert.deepEqual(asked, [{ deployment: 'credit', since: NOW - 7 * 24 * 3_600_000, columns: ['age', 'purpose', 'income'] }])
  const who = changes.map(({ callers }) => callers?.map(({ caller }) => caller))
  // the platform's own questions are nobody's who would break
  assert.deepEqual(who, [['key:k1'], ['key:k1'], ['key:k1', 'loopback'], undefined])
  assert.deepEqual(changes[0]!.callers, [
    { deployment: 'credit', caller: 'key:k1', name: 'website', interfaces: ['grpc', 'rows'], rows: 15, lastSeen: '2026-05-01T11:59:00.000Z' },
  ])
  assert.deepEqual(changes[1]!.callers![0]!.interfaces, ['rows'])
})

test('of a column that the log does not hold nobody knows, so that all count', async () => {
  const changes = await withCallers(CHANGES.slice(0, 1), { deployment: 'credit', redacted: ['age'] }, { log: logOf(CALLERS), clock })
  assert.deepEqual(
    changes[0]!.callers!.map(({ caller }) => caller),
    ['key:k1', 'loopback'],
  )
})

test('a log that is silent, broken or not asked', async () => {
  const ask = { deployment: 'credit', redacted: [] }
  assert.deepEqual((await withCallers(CHANGES, ask, { log: logOf([]), clock }))[0]!.callers, [])
  const errors: unknown[] = []
  const broken: CallerLog = { ...logOf([]), recent: () => Promise.reject(new Error('no disk')) }
  assert.deepEqual(await withCallers(CHANGES, ask, { log: broken, clock, onError: (error) => errors.push(error) }), CHANGES)
  assert.equal(errors.length, 1)
  const asked: unknown[] = []
  await withCallers(CHANGES.slice(3), ask, { log: logOf([], asked), clock })
  assert.deepEqual(asked, [])
})

test('callers of several deployments that run one version are told together', async () => {
  const options = { log: logOf(CALLERS), clock }
  const lists = await Promise.all(['a', 'b'].map((deployment) => withCallers(CHANGES, { deployment, redacted: [] }, options)))
  assert.deepEqual(
    joined(lists)[0]!.callers!.map(({ deployment, caller }) => [deployment, caller]),
    [
      ['a', 'key:k1'],
      ['b', 'key:k1'],
    ],
  )
  assert.deepEqual(joined([CHANGES, CHANGES]), CHANGES)
  assert.deepEqual(joined([]), [])
})
