import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Ask, askForOne } from './ask.ts'

const refusal = (code: string, status = 422) => Object.assign(new Error(code), { code, status, problem: { code, status, detail: `because of ${code}` } })

/** A platform that refuses explanations with a code; the bodies it was sent. */
function refusing(code: string): { ask: Ask; sent: boolean[] } {
  const sent: boolean[] = []
  const ask: Ask = async ({ explain = false }) => {
    sent.push(explain)
    if (explain) throw refusal(code)
    return { predictions: [{ value: 1 }] }
  }
  return { ask, sent }
}

test('an answer with its explanation takes one request', async () => {
  const sent: unknown[] = []
  const tried = await askForOne(
    async (body) => {
      sent.push(body)
      return { explanations: [] }
    },
    { age: 3 },
    'sha256:a',
  )
  assert.deepEqual(sent, [{ rows: [{ age: 3 }], explain: true }])
  assert.deepEqual([tried.unexplained, tried.row], [undefined, { age: 3 }])
})

test('a release that cannot be explained is asked twice once, and says why each time', async () => {
  const { ask, sent } = refusing('explanation-unavailable')
  const first = await askForOne(ask, {}, 'sha256:b')
  const second = await askForOne(ask, {}, 'sha256:b')
  assert.deepEqual(sent, [true, false, false])
  assert.deepEqual([first.unexplained, second.unexplained], Array(2).fill('because of explanation-unavailable'))
  await askForOne(ask, {}, 'sha256:c')
  assert.deepEqual(sent.slice(3), [true, false], 'the next release is asked anew')
})

test('an explanation that takes too long leaves the prediction, and is asked for again the next time', async () => {
  const { ask, sent } = refusing('deadline-exceeded')
  assert.match((await askForOne(ask, {}, 'sha256:d')).unexplained ?? '', /longer/)
  await askForOne(ask, {}, 'sha256:d')
  assert.deepEqual(sent, [true, false, true, false])
})

test('a refused prediction is refused, at once', async () => {
  const { ask, sent } = refusing('row-invalid')
  await assert.rejects(askForOne(ask, {}, 'sha256:e'), { code: 'row-invalid' })
  assert.deepEqual(sent, [true])
})
