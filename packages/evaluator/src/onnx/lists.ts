import { brokenAt, type Range, WIRE, WireReader } from './wire.ts'

/** Place of a repeated field's values: its number and the message that it is a field of. */
export interface List {
  readonly bytes: Uint8Array
  readonly message: Range
  readonly field: number
}

/** How many whole numbers the list holds, packed or not. No more than there are bytes. */
function countIntegers({ bytes, message, field }: List): number {
  const reader = new WireReader(bytes, message)
  let count = 0
  while (reader.next()) {
    if (reader.number !== field) continue
    if (reader.wire === WIRE.varint) count += 1
    else {
      reader.expect(WIRE.bytes)
      for (let at = reader.from; at < reader.to; at += 1) if (bytes[at]! < 0x80) count += 1
    }
  }
  return count
}

/** Whole numbers of a list; an infinity stands for one beyond 2^53. */
export function integersOf(list: List): Float64Array {
  const values = new Float64Array(countIntegers(list))
  const reader = new WireReader(list.bytes, list.message)
  let count = 0
  while (reader.next()) {
    if (reader.number !== list.field) continue
    let at = reader.from
    const end = reader.to
    while (at < end) {
      at = reader.varint(at)
      if (at > end) throw brokenAt(reader.from, 'a list of numbers ends inside a number')
      values[count] = reader.signed()
      count += 1
    }
  }
  return values
}

/** Numbers of fixed width of a list, packed or not: `width` 4 for floats, 8 for doubles. */
export function fixedOf(list: List, width: 4 | 8): Float64Array {
  const single = width === 4 ? WIRE.fixed32 : WIRE.fixed64
  let count = 0
  const counting = new WireReader(list.bytes, list.message)
  while (counting.next()) {
    if (counting.number !== list.field) continue
    if (counting.wire !== single) counting.expect(WIRE.bytes)
    if ((counting.to - counting.from) % width !== 0) throw brokenAt(counting.from, 'a list of numbers has a broken length')
    count += (counting.to - counting.from) / width
  }
  const view = new DataView(list.bytes.buffer, list.bytes.byteOffset, list.bytes.byteLength)
  const values = new Float64Array(count)
  const reader = new WireReader(list.bytes, list.message)
  let index = 0
  while (reader.next()) {
    if (reader.number !== list.field) continue
    for (let at = reader.from; at < reader.to; at += width) {
      values[index] = width === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true)
      index += 1
    }
  }
  return values
}

/** Longest text of a list, in bytes. */
const TEXT_LIMIT = 65_536

/** Most texts of a list: classes, categories, keys. */
const COUNT_LIMIT = 1_000_000

/** Texts of a list. */
export function textsOf(list: List): string[] {
  const values: string[] = []
  const reader = new WireReader(list.bytes, list.message)
  while (reader.next()) {
    if (reader.number !== list.field) continue
    if (values.length === COUNT_LIMIT) throw brokenAt(reader.from, `a list has more than ${COUNT_LIMIT} texts`)
    values.push(reader.text(TEXT_LIMIT))
  }
  return values
}

/** The number that each text of a list stands for; `of` is asked once for each text that differs from the one before. */
export function codesOf(list: List, of: (text: string, position: number) => number): Uint8Array {
  const reader = new WireReader(list.bytes, list.message)
  let count = 0
  while (reader.next()) if (reader.number === list.field) count += 1
  const codes = new Uint8Array(count)
  const again = new WireReader(list.bytes, list.message)
  let index = 0
  let last = { from: 0, to: 0, code: 0 }
  while (again.next()) {
    if (again.number !== list.field) continue
    if (index === 0 || !sameBytes(list.bytes, last, again)) last = { from: again.from, to: again.to, code: of(again.text(TEXT_LIMIT), index) }
    codes[index] = last.code
    index += 1
  }
  return codes
}

function sameBytes(bytes: Uint8Array, one: { from: number; to: number }, other: { from: number; to: number }): boolean {
  if (one.to - one.from !== other.to - other.from) return false
  for (let at = one.from, there = other.from; at < one.to; at += 1, there += 1) if (bytes[at] !== bytes[there]) return false
  return true
}
