import type { Random } from '../../lane/testing/random.ts'

/** Bytes and numbers at which readers go wrong: signs, ends of ranges, lengths that lie, marks of text forms. */
const WORDS = [
  '\xff',
  '\x00',
  '\x80',
  '\x7f',
  '"',
  ',',
  '\n',
  '{',
  '[',
  '1e999',
  'NaN',
  '-',
  '9'.repeat(60),
  '\x00\x00\x00\x80',
  '\xff\xff\xff\x7f',
  '\xff\xff\xff\xff\xff\xff\xff\x7f',
  '\x01\x00\x00\x00',
]

function once(body: Buffer, random: Random): Buffer {
  const below = (limit: number) => random.int(limit)
  const at = below(body.length + 1)
  const to = Math.min(body.length, at + 1 + below(16))
  const word = Buffer.from(random.pick(WORDS), 'latin1')
  switch (below(8)) {
    case 0:
      return Buffer.concat([body.subarray(0, at), word, body.subarray(at)])
    case 1:
      return Buffer.concat([body.subarray(0, at), word, body.subarray(Math.min(body.length, at + word.length))])
    case 2:
      return Buffer.concat([body.subarray(0, at), body.subarray(to)])
    case 3:
      return Buffer.concat([body.subarray(0, to), body.subarray(at)])
    case 4:
      return body.subarray(0, at)
    case 5: {
      const other = below(body.length + 1)
      return Buffer.concat([body.subarray(0, at), body.subarray(other, other + below(64)), body.subarray(to)])
    }
    default: {
      const changed = Buffer.from(body)
      if (at < changed.length) changed[at] = random.chance(0.5) ? changed[at]! ^ (1 << below(8)) : below(256)
      return changed
    }
  }
}

/** A body changed in one to four places. */
export function mutated(body: Buffer, random: Random): Buffer {
  let changed = body
  for (let left = 1 + random.int(4); left > 0; left--) changed = once(changed, random)
  return changed
}
