import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fuzz, tryStream } from './testing/differential.ts'
import { BYTE_MUTATIONS, MUTATIONS } from './testing/mutations.ts'
import { Random } from './testing/random.ts'

const PLAIN = { line: 'POST /v1/deployments/credit/predict HTTP/1.1', headers: ['Host: x', 'Accept: */*', 'Content-Length: 2'], body: '{}' }
const textOf = ({ line, headers, body }: typeof PLAIN) => `${[line, ...headers].join('\r\n')}\r\n\r\n${body}`

async function agree(text: string, cut: number): Promise<number> {
  const stream = Buffer.from(text, 'latin1')
  const pieces = cut > 0 && cut < stream.length ? [stream.subarray(0, cut), stream.subarray(cut)] : [stream]
  const { accepted, difference } = await tryStream(stream, pieces, new Random(1))
  assert.equal(difference, undefined)
  return accepted
}

test('a plain request is taken wherever it is cut, and what follows is given away whole', async () => {
  const text = textOf(PLAIN)
  for (let cut = 0; cut < text.length; cut++) assert.equal(await agree(text, cut), 1)
  assert.equal(await agree(text.repeat(3), text.length + 9), 3)
  assert.equal(await agree(`${text}GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n${text}`, 0), 1)
})

test('each trick of request smuggling alone: before, behind and between plain requests', async () => {
  const random = new Random(2)
  for (const mutation of MUTATIONS) {
    for (let round = 0; round < 4; round++) {
      const request = structuredClone(PLAIN)
      mutation(request, random)
      const odd = textOf(request)
      await agree(odd + textOf(PLAIN), 0)
      await agree(textOf(PLAIN) + odd + textOf(PLAIN), random.int(odd.length))
    }
  }
  for (const mutation of BYTE_MUTATIONS) for (let round = 0; round < 4; round++) await agree(mutation(textOf(PLAIN), random) + textOf(PLAIN), 0)
})

test('streams of a seed are read by the lane as node:http reads them', async () => {
  const { tried, accepted, differences } = await fuzz(20_261, 3000)
  assert.deepEqual(differences, [])
  assert.ok(tried > 100 && accepted > tried / 2, `${accepted} requests taken of ${tried} streams`)
})
