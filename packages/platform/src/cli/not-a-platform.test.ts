import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakePlatform, runFairlead } from './testing/fake-platform.ts'

test('an address that answers and is no control port is told so', async () => {
  await using other = await fakePlatform({ 'GET /status': () => ({ json: { status: 'fine' } }) })
  for (const command of [
    ['bench', 'iris'],
    ['predict', 'iris', '--row', '{}'],
  ]) {
    const { code, stderr } = await runFairlead([...command, '--url', other.url, '--token', 'secret'])
    assert.equal(code, 3, stderr)
    assert.match(stderr, /tells no address of predictions; is it the control port\?/)
  }
})
