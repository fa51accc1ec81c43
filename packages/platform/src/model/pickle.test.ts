import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readModel } from './index.ts'
import { fails, listing } from './test-support.ts'

const CREDIT_RISK = join(import.meta.dirname, '../../../evaluator/src/pickle/testdata/credit-risk.pkl')
/** What `pickle.dumps` writes of an object whose `__reduce__` answers `(os.system, ('id',))`, protocol 2. */
const SYSTEM = Buffer.from('\x80\x02cposix\nsystem\nq\x00X\x02\x00\x00\x00idq\x01\x85q\x02Rq\x03.', 'latin1')
const read = (bytes: Uint8Array) => readModel(listing({ 'model.pkl': bytes }))

test('a pickle is refused with what loading it would do', async () => {
  const danger = /never executed here.*\. Loading it would reach for posix\.system, which no model needs: do not load it anywhere$/
  await assert.rejects(
    read(SYSTEM),
    fails('model-format-unknown', danger, ([item]) => item?.detail === 'posix.system: GLOBAL, and calls it'),
  )
  const harmless = fails('model-format-unknown', /\. Loading it would import [\w.]+, .* and \d+ more$/, (items) => items.length === 0)
  await assert.rejects(read(new Uint8Array(readFileSync(CREDIT_RISK))), harmless)
})

test('one that is cut off is refused all the same, and says where it breaks', async () => {
  await assert.rejects(read(SYSTEM.subarray(0, 25)), fails('model-format-unknown', /posix\.system.*broken at byte \d+/))
  await assert.rejects(read(SYSTEM.subarray(0, 3)), fails('model-format-unknown', /broken at byte/))
})
