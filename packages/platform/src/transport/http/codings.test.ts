import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { acceptedCoding, contentCoding } from './codings.ts'

test('gzip and deflate are known as codings of a body, in any case and once', () => {
  const known: [string | undefined, string | undefined][] = [
    [undefined, undefined],
    ['identity', undefined],
    ['', undefined],
    ['gzip', 'gzip'],
    [' GZip ', 'gzip'],
    ['x-gzip', 'gzip'],
    ['deflate', 'deflate'],
  ]
  for (const [header, coding] of known) assert.equal(contentCoding(header), coding, String(header))
  for (const header of ['br', 'gzip, gzip', 'gzip,deflate', 'identity, gzip', 'gzip;q=1', 'zstd', 'gz\u0000ip', '__proto__'])
    assert.throws(
      () => contentCoding(header),
      (error) => error instanceof FairleadError && error.code === 'encoding-unsupported' && error.message.includes(header),
    )
})

test('what Accept-Encoding likes best of ours is chosen, and nothing where it likes none', () => {
  const choices: [string | undefined, string | undefined][] = [
    [undefined, undefined],
    ['', undefined],
    ['identity', undefined],
    ['br', undefined],
    ['gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['deflate', 'deflate'],
    ['gzip, deflate, br', 'gzip'],
    ['deflate, gzip', 'gzip'],
    ['gzip;q=0.5, deflate;q=0.8', 'deflate'],
    ['gzip; q=0', undefined],
    ['gzip;q=0, *', 'deflate'],
    ['*', 'gzip'],
    ['*;q=0', undefined],
    ['gzip;q=0.2, identity', undefined],
    ['gzip, identity;q=0.5', 'gzip'],
    ['gzip;q=0.000', undefined],
    ['gzip;q=nonsense', undefined],
    [',,;;q=,', undefined],
    ['gzip,'.repeat(3), 'gzip'],
  ]
  for (const [header, coding] of choices) for (const _ of [1, 2]) assert.equal(acceptedCoding(header), coding, String(header))
})
