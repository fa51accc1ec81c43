import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { temporaryFolder } from '../testing/temporary.ts'
import { adminToken, openDataFolder } from './data-folder.ts'

test('the admin token is made once, readable by its owner only, and stays', async () => {
  await using temporary = await temporaryFolder()
  const folder = openDataFolder(temporary.path)
  const token = adminToken(folder)
  assert.match(token, /^fla_[A-Za-z0-9_-]{43}$/)
  assert.equal(statSync(folder.adminToken).mode & 0o777, 0o600)
  assert.equal(adminToken(folder), token)
  assert.equal(readFileSync(folder.adminToken, 'utf8'), `${token}\n`)
})

test('a file that holds no token is refused by its name, and not replaced', async () => {
  await using temporary = await temporaryFolder()
  const folder = openDataFolder(temporary.path)
  for (const text of ['', 'short', 'two words of more than twenty letters', `fla_${'x'.repeat(30)}\nsecond line`, '\u0000\u0001\ufffd'.repeat(20)]) {
    writeFileSync(folder.adminToken, text)
    assert.throws(() => adminToken(folder), { code: 'file-unreadable', message: /admin-token does not hold a token/ })
    assert.equal(readFileSync(folder.adminToken, 'utf8'), text)
  }
})
