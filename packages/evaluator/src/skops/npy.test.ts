import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concat } from '../testing/zip.ts'
import { UnreadableModel, type UnreadableReason } from '../unreadable.ts'
import { NpyArray } from './npy.ts'

function npy(header: string, data: Uint8Array, version = 1): Uint8Array {
  const text = new TextEncoder().encode(header)
  const length = version === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0]
  return concat([Uint8Array.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0, ...length]), text, data])
}

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
/** A file that is unpacked already. */
const whole = (bytes: Uint8Array) => ({ size: bytes.length, head: (most: number) => bytes.subarray(0, most), all: () => bytes })
const plain = (descr: string, shape: string, data: Uint8Array, fortran = 'False') =>
  new NpyArray(whole(npy(`{'descr': ${descr}, 'fortran_order': ${fortran}, 'shape': ${shape}, }  \n`, data)), 'a.npy')

function refused(run: () => unknown, reason: UnreadableReason, what: RegExp): void {
  assert.throws(run, (error) => error instanceof UnreadableModel && error.reason === reason && what.test(error.message))
}

test('reads numbers of every width and order of bytes', () => {
  assert.deepEqual([...plain("'<f8'", '(3,)', bytesOf(Float64Array.of(1.5, Number.NaN, -0))).numbers()], [1.5, Number.NaN, -0])
  assert.deepEqual([...plain("'<f4'", '(2,)', bytesOf(Float32Array.of(0.1, -2))).numbers()], [Math.fround(0.1), -2])
  assert.deepEqual([...plain("'<i8'", '(3,)', bytesOf(BigInt64Array.of(-1n, 2n ** 53n - 1n, -(2n ** 40n)))).numbers()], [-1, 2 ** 53 - 1, -(2 ** 40)])
  assert.deepEqual([...plain("'>i4'", '(1,)', Uint8Array.of(255, 255, 255, 254)).numbers()], [-2])
  assert.deepEqual([...plain("'|u1'", '(2,)', Uint8Array.of(0, 200)).numbers()], [0, 200])
  const bools = plain("'|b1'", '(2,)', Uint8Array.of(0, 1))
  assert.equal(bools.kind, 'bool')
  assert.equal(plain("'<f8'", '()', bytesOf(Float64Array.of(7))).numbers()[0], 7)
})

test('reads texts, and Fortran order as rows', () => {
  const texts = plain("'<U3'", '(2,)', bytesOf(Uint32Array.of(0x61, 0x1f600, 0, 0x62, 0x63, 0x64)))
  assert.deepEqual(texts.texts(), ['a😀', 'bcd'])
  assert.deepEqual([...plain("'<f8'", '(2, 3)', bytesOf(Float64Array.of(0, 3, 1, 4, 2, 5)), 'True').numbers()], [0, 1, 2, 3, 4, 5])
})

test('reads the fields of records by name, over their padding', () => {
  const data = new Uint8Array(32)
  const view = new DataView(data.buffer)
  view.setBigInt64(0, 5n, true)
  view.setUint8(8, 1)
  view.setBigInt64(16, -1n, true)
  view.setUint8(24, 0)
  const records = plain("[('left', '<i8'), ('flag', '|u1'), ('', '|V7')]", '(2,)', data)
  assert.equal(records.kind, 'records')
  assert.deepEqual([...records.numbers('left')], [5, -1])
  assert.deepEqual([...records.numbers('flag')], [1, 0])
  assert.equal(records.hasField('right'), false)
  refused(() => records.numbers('right'), 'malformed', /no field right/)
  refused(() => records.numbers(), 'malformed', /not records/)
})

test('reads versions 2 and 3', () => {
  assert.equal(new NpyArray(whole(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", new Uint8Array(8), 2)), 'a').length, 1)
  refused(() => new NpyArray(whole(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", new Uint8Array(8), 9)), 'a'), 'unsupported', /version 9/)
})

test('refuses pickled objects, other types, and whole numbers that a double cannot hold', () => {
  refused(() => plain("'|O'", '(1,)', new Uint8Array(8)), 'unsupported', /O/)
  refused(() => plain("'<c16'", '(1,)', new Uint8Array(16)).numbers(), 'unsupported', /c16/)
  refused(() => plain("'<i8'", '(1,)', bytesOf(BigInt64Array.of(2n ** 60n))).numbers(), 'unsupported', /2\^53/)
  refused(() => plain("'<U1'", '(1,)', bytesOf(Uint32Array.of(0x110000))).texts(), 'malformed', /character/)
})

test('refuses sizes that its bytes do not have, before anything is made', () => {
  refused(() => plain("'<f8'", '(999999999999,)', new Uint8Array(8)), 'malformed', /do not fit/)
  refused(() => plain("'<U0'", '(999999999999999,)', new Uint8Array(0)), 'malformed', /do not fit/)
  refused(() => plain("'<f8'", '(-1,)', new Uint8Array(8)), 'malformed', /sizes/)
  refused(() => plain("'<f8'", "('a',)", new Uint8Array(8)), 'malformed', /sizes/)
  refused(() => plain("'<f8'", '(1,1,1,1,1,1,1,1,1)', new Uint8Array(8)), 'malformed', /lacks/)
})

test('refuses headers that are no Python literal', () => {
  for (const header of ['', '{', '{}', "{'descr': '<f8'", '[1]', `${'('.repeat(5000)}`, "{'descr': __import__('os')}", "{'descr': '\\x41'}", "{'a' 1}"])
    refused(() => new NpyArray(whole(npy(header, new Uint8Array(8))), 'a'), 'malformed', /header/)
  for (let length = 0; length < 12; length += 1) refused(() => new NpyArray(whole(npy('{}', new Uint8Array(0)).subarray(0, length)), 'a'), 'malformed', /./)
})

test('only the header is looked at until numbers are asked for, however long it is', () => {
  for (const blanks of [10, 5000]) {
    const bytes = npy(`{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }${' '.repeat(blanks)}`, bytesOf(Float64Array.of(1, 2)))
    let unpacked = 0
    const all = () => {
      unpacked++
      return bytes
    }
    const array = new NpyArray({ ...whole(bytes), all }, 'a.npy')
    assert.deepEqual([array.length, array.kind, unpacked], [2, 'number', 0])
    assert.deepEqual([...array.numbers(), ...array.numbers(), unpacked], [1, 2, 1, 2, 1])
    array.forget()
    assert.deepEqual([...array.numbers(), unpacked], [1, 2, 2])
  }
})
