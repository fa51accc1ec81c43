/** Eight tables: a byte's remainder, and that of a byte with one to seven zeros after it. */
const tables = Array.from({ length: 8 }, () => new Uint32Array(256))

for (let byte = 0; byte < 256; byte++) {
  let remainder = byte
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1
  tables[0]![byte] = remainder >>> 0
}
for (let byte = 0; byte < 256; byte++) {
  for (let zeros = 1; zeros < 8; zeros++) {
    const before = tables[zeros - 1]![byte]!
    tables[zeros]![byte] = (before >>> 8) ^ tables[0]![before & 255]!
  }
}

const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array]

/** CRC-32 as zip, PNG and Ethernet have it (polynomial 0xedb88320), eight bytes at a time. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  let at = 0
  for (const end = bytes.length - 7; at < end; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    crc =
      t7[crc & 255]! ^
      t6[(crc >>> 8) & 255]! ^
      t5[(crc >>> 16) & 255]! ^
      t4[crc >>> 24]! ^
      t3[bytes[at + 4]!]! ^
      t2[bytes[at + 5]!]! ^
      t1[bytes[at + 6]!]! ^
      t0[bytes[at + 7]!]!
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[at]!) & 255]!
  return (crc ^ 0xffffffff) >>> 0
}
