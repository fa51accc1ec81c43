const encoder = new TextEncoder()
const scratch = new Uint8Array(4096)

function multiply(value: number, by: number): number {
  return Math.imul(value, by)
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by))
}

/** MurmurHash3 (x86, 32 bits, seed 0) of a text's UTF-8, from 0 to 2^32 − 1: `mmh3.hash(text, signed=False)` in Python, `murmurhash3_32` of scikit-learn. */
export function hashOf(text: string): number {
  const bytes = text.length * 3 <= scratch.length ? scratch.subarray(0, encoder.encodeInto(text, scratch).written) : encoder.encode(text)
  const blocks = bytes.length & ~3
  let hash = 0
  for (let at = 0; at < blocks; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    hash = (multiply(rotate(hash ^ mixed(word), 13), 5) + 0xe6546b64) | 0
  }
  let tail = 0
  for (let at = bytes.length - 1; at >= blocks; at--) tail = (tail << 8) | bytes[at]!
  if (bytes.length > blocks) hash ^= mixed(tail)
  return finished(hash ^ bytes.length)
}

function mixed(word: number): number {
  return multiply(rotate(multiply(word, 0xcc9e2d51), 15), 0x1b873593)
}

function finished(hash: number): number {
  let value = hash
  value = multiply(value ^ (value >>> 16), 0x85ebca6b)
  value = multiply(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}
