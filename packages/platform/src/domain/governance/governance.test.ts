import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { deploymentsForTest } from '../../testing/deployments.ts'
import { Access, allows } from './access.ts'
import { authorizeControl, authorizePrediction, authorizeReading } from './predictions.ts'
import { sameSecret } from './secrets.ts'

const ADMIN = 'fla_token-of-the-administrator'

async function setup() {
  const made = await deploymentsForTest()
  const access = new Access({ db: made.access, adminToken: ADMIN, clock: made.clock })
  return { ...made, access, db: made.access, [Symbol.asyncDispose]: made.close }
}
const code = (wanted: string) => (error: unknown) => error instanceof FairleadError && error.code === wanted

test('the admin token and good keys are known; wrong, revoked and expired ones are not', async () => {
  await using s = await setup()
  assert.equal((await s.access.authenticate(ADMIN))?.kind, 'admin')
  assert.equal(await s.access.authenticate(`${ADMIN}x`), undefined)
  const expiresAt = '2026-01-01T01:00:00.000Z'
  const { key, ...shown } = await s.access.createKey({ name: 'ci', scopes: ['read', 'read'], deployments: ['a'], expiresAt }, 'admin')
  assert.match(key, /^fl_[a-z0-9]{8}_[A-Za-z0-9_-]{43}$/)
  assert.deepEqual([shown.prefix, shown.scopes, shown.revokedAt], [key.slice(0, 11), ['read'], null])
  assert.deepEqual(await s.access.authenticate(key), { kind: 'key', id: `key:${shown.id}`, scopes: ['read'], deployments: ['a'] })
  assert.equal(await s.access.authenticate(`${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`), undefined)
  s.clock.at = Date.parse(expiresAt)
  assert.equal(await s.access.authenticate(key), undefined)
  const other = await s.access.createKey({ name: 'other' }, 'admin')
  await s.access.revokeKey(other.id)
  assert.equal(await s.access.authenticate(other.key), undefined)
  await assert.rejects(s.access.revokeKey('nothing'), code('key-unknown'))
  await assert.rejects(s.access.createKey({ name: 'late', expiresAt }, 'admin'), code('request-invalid'))
})

test('nothing in the store lets one in: only hashes are kept', async () => {
  await using s = await setup()
  const { key } = await s.access.createKey({ name: 'ci' }, 'admin')
  const link = await s.access.createSignInLink('http://127.0.0.1:7300/')
  const { cookie } = await s.access.signIn(ADMIN)
  const rows = JSON.stringify([
    await s.db.selectFrom('api_keys').selectAll().execute(),
    await s.db.selectFrom('sign_in_tokens').selectAll().execute(),
    await s.db.selectFrom('sessions').selectAll().execute(),
  ])
  for (const secret of [key.slice(12), link.url.split('#')[1]!, cookie, ADMIN]) assert.ok(!rows.includes(secret))
})

test('keys are listed newest first, in pages', async () => {
  await using s = await setup()
  for (const name of ['a', 'b', 'c']) {
    await s.access.createKey({ name }, 'admin')
    s.clock.at += 1000
  }
  const first = await s.access.listKeys({ limit: 2 })
  assert.deepEqual(
    first.items.map((key) => key.name),
    ['c', 'b'],
  )
  const second = await s.access.listKeys({ limit: 2, next: first.next ?? '' })
  assert.deepEqual([second.items.map((key) => key.name), second.next], [['a'], null])
})

test('a sign-in link works once, within ten minutes; a session lasts twelve hours or until it is ended', async () => {
  await using s = await setup()
  const link = await s.access.createSignInLink('http://127.0.0.1:7300/')
  assert.match(link.url, /^http:\/\/127\.0\.0\.1:7300\/sign-in#fls_/)
  const token = link.url.split('#')[1]!
  const both = await Promise.allSettled([s.access.signIn(token), s.access.signIn(token)])
  assert.deepEqual(both.map((one) => one.status).sort(), ['fulfilled', 'rejected'])
  const signed = both.find((one) => one.status === 'fulfilled')!.value
  assert.equal((await s.access.authenticateSession(signed.cookie))?.kind, 'session')
  await s.access.signOut(signed.cookie)
  assert.equal(await s.access.authenticateSession(signed.cookie), undefined)

  const late = (await s.access.createSignInLink('http://x')).url.split('#')[1]!
  s.clock.at += 10 * 60_000
  await assert.rejects(s.access.signIn(late), code('sign-in-invalid'))
  const { cookie } = await s.access.signIn(ADMIN)
  s.clock.at += 12 * 3_600_000
  assert.equal(await s.access.authenticateSession(cookie), undefined)
})

test('admin includes read, and read does not include admin', () => {
  assert.ok(allows({ scopes: ['admin'] }, 'read'))
  assert.ok(!allows({ scopes: ['read', 'predict'] }, 'admin'))
  assert.ok(!allows({ scopes: ['predict'] }, 'read'))
})

test('who may ask for a prediction', () => {
  const key = { id: 'k', scopes: ['predict' as const], deployments: ['a'] }
  const base = { loopback: false, open: false, requireKey: false, deployment: 'a' }
  const cases: [Partial<Parameters<typeof authorizePrediction>[0]>, string][] = [
    [{ key }, 'key'],
    [{ key, deployment: 'b' }, 'not-allowed'],
    [{ key: { ...key, scopes: ['read'] } }, 'not-allowed'],
    [{ key: { ...key, scopes: ['admin'], deployments: [] }, requireKey: true }, 'key'],
    [{ key: 'invalid', loopback: true }, 'not-authenticated'],
    [{ loopback: true }, 'loopback'],
    [{ loopback: true, requireKey: true }, 'not-authenticated'],
    [{}, 'not-authenticated'],
    [{ open: true }, 'open'],
    [{ open: true, requireKey: true }, 'not-authenticated'],
  ]
  for (const [given, wanted] of cases) {
    let got: string
    try {
      got = authorizePrediction({ ...base, ...given }).kind
    } catch (error) {
      assert.ok(error instanceof FairleadError)
      got = error.code
    }
    assert.equal(got, wanted, JSON.stringify(given))
  }
})

test('a secret is itself and nothing else, whatever is presented', () => {
  assert.equal(sameSecret('platform-token', 'platform-token'), true)
  for (const presented of ['', 'platform-toke', 'platform-tokeü', 'platform-token ']) assert.equal(sameSecret(presented, 'platform-token'), false, presented)
})

test('metrics are read by anybody of this machine, elsewhere with a key that may read everything', () => {
  const key = (over: object) => ({ id: 'k1', scopes: ['read' as const], deployments: [], ...over })
  assert.equal(authorizeReading({ loopback: true }).kind, 'loopback')
  assert.deepEqual(authorizeReading({ key: key({}), loopback: false }), { kind: 'key', id: 'k1' })
  assert.throws(() => authorizeReading({ loopback: false }), { code: 'not-authenticated' })
  assert.throws(() => authorizeReading({ key: 'invalid', loopback: true }), { code: 'not-authenticated' })
  assert.throws(() => authorizeReading({ key: key({ scopes: ['predict'] }), loopback: false }), { code: 'not-allowed' })
  assert.throws(() => authorizeReading({ key: key({ deployments: ['credit'] }), loopback: false }), { code: 'not-allowed' })
})

test('models are loaded and unloaded with a key of an administrator; without one only where the platform is open to this machine alone', () => {
  const key = (over: object) => ({ id: 'k1', scopes: ['admin' as const], deployments: [], ...over })
  const at = { deployment: 'credit', loopback: true, open: false }
  assert.deepEqual(authorizeControl({ ...at, key: key({}) }), { kind: 'key', id: 'k1' })
  assert.equal(authorizeControl({ ...at, open: true }).kind, 'loopback')
  assert.throws(() => authorizeControl(at), { code: 'not-authenticated' })
  assert.throws(() => authorizeControl({ ...at, open: true, loopback: false }), { code: 'not-authenticated' })
  assert.throws(() => authorizeControl({ ...at, open: true, key: 'invalid' }), { code: 'not-authenticated' })
  for (const scope of ['predict', 'read', 'deploy'])
    assert.throws(() => authorizeControl({ ...at, open: true, key: key({ scopes: [scope] }) }), { code: 'not-allowed' })
  assert.throws(() => authorizeControl({ ...at, key: key({ deployments: ['other'] }) }), { code: 'not-allowed' })
  assert.equal(authorizeControl({ ...at, key: key({ deployments: ['credit'] }) }).kind, 'key')
})
