import { must } from '../unmet.ts'

/** A field of a message as it travels: a varint, or the bytes of any other wire type. */
export interface Field {
  number: number
  value: bigint | Uint8Array
  /** Wire types: 0 varint, 1 eight bytes, 2 bytes of a length, 5 four bytes. */
  wire: number
}

/** A varint as bytes; negative numbers as 64 bits in two's complement. */
export function varint(value: bigint | number): Buffer {
  let rest = BigInt.asUintN(64, BigInt(value))
  const bytes: number[] = []
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0))
    rest >>= 7n
  } while (rest > 0n)
  return Buffer.from(bytes)
}

/** A varint field. */
export function number(field: number, value: bigint | number): Buffer {
  return Buffer.concat([varint(field << 3), varint(value)])
}

/** A field of text, bytes or an inner message; nothing for empty text. */
export function bytes(field: number, value: string | Uint8Array): Buffer {
  const content = typeof value === 'string' ? Buffer.from(value) : value
  if (typeof value === 'string' && value === '') return Buffer.alloc(0)
  return Buffer.concat([varint((field << 3) | 2), varint(content.length), content])
}

/** Reads the fields of a message. Throws `Unmet` when the bytes are none. */
export function fieldsOf(message: Uint8Array): Field[] {
  const cursor = { bytes: message, at: 0 }
  const fields: Field[] = []
  while (cursor.at < message.length) {
    const tag = readVarint(cursor)
    const wire = Number(tag & 7n)
    const value = readValue(cursor, wire)
    must(tag >> 3n > 0n, 'the message has a field of number 0')
    fields.push({ number: Number(tag >> 3n), value, wire })
  }
  return fields
}

interface Cursor {
  bytes: Uint8Array
  at: number
}

/** Reads a varint and moves on. */
export function readVarint(cursor: Cursor): bigint {
  let value = 0n
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = cursor.bytes[cursor.at++]
    must(byte !== undefined, 'the message ends inside a number')
    value |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) return BigInt.asUintN(64, value)
  }
  return must(false, 'the message has a number of more than ten bytes') as never
}

function readValue(cursor: Cursor, wire: number): bigint | Uint8Array {
  if (wire === 0) return readVarint(cursor)
  must(wire === 1 || wire === 2 || wire === 5, `the message has the wire type ${wire}`)
  const length = wire === 1 ? 8 : wire === 5 ? 4 : Number(readVarint(cursor))
  const end = cursor.at + length
  must(end <= cursor.bytes.length, 'the message ends inside a field')
  const value = cursor.bytes.subarray(cursor.at, end)
  cursor.at = end
  return value
}

/** The bytes of every field of this number. */
export function allBytes(fields: readonly Field[], number: number): Uint8Array[] {
  return fields.flatMap((field) => (field.number === number && typeof field.value !== 'bigint' ? [field.value] : []))
}

/** The last text of this number; empty when there is none. */
export function text(fields: readonly Field[], number: number): string {
  return Buffer.from(allBytes(fields, number).at(-1) ?? []).toString()
}

/** The last varint of this number; 0 when there is none. */
export function integer(fields: readonly Field[], number: number): bigint {
  const found = fields.findLast((field) => field.number === number)?.value
  return typeof found === 'bigint' ? found : 0n
}

/** All varints of this number, packed or not. */
export function integers(fields: readonly Field[], number: number): bigint[] {
  return fields.flatMap((field) => {
    if (field.number !== number) return []
    if (typeof field.value === 'bigint') return [field.value]
    const cursor = { bytes: field.value, at: 0 }
    const values: bigint[] = []
    while (cursor.at < field.value.length) values.push(readVarint(cursor))
    return values
  })
}

const MAX_DEPTH = 8

/** A message for people, its fields by number, as `protoc --decode_raw` shows it. */
export function rawText(message: Uint8Array, depth = 0): string {
  const pad = '  '.repeat(depth)
  return fieldsOf(message)
    .map(({ number: field, value, wire }) => {
      if (typeof value === 'bigint') return `${pad}${field}: ${value}`
      const inner = wire === 2 && depth < MAX_DEPTH ? innerText(value, depth + 1) : undefined
      return inner === undefined ? `${pad}${field}: ${quoted(value)}` : `${pad}${field} {\n${inner}\n${pad}}`
    })
    .join('\n')
}

function innerText(value: Uint8Array, depth: number): string | undefined {
  if (value.length === 0 || isPlain(value)) return undefined
  try {
    return rawText(value, depth)
  } catch {
    return undefined
  }
}

function isPlain(value: Uint8Array): boolean {
  return value.every((byte) => byte >= 32 && byte < 127)
}

const SHOWN = 64

function quoted(value: Uint8Array): string {
  const text = [...value.subarray(0, SHOWN)]
    .map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`))
    .join('')
  return `"${text}"${value.length > SHOWN ? `… (${value.length} bytes)` : ''}`
}
