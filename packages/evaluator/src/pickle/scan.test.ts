import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Verdict } from '../imports/judge.ts'
import { concat, makeZip } from '../testing/zip.ts'
import { UnreadableModel } from '../unreadable.ts'
import { scanPickle } from './scan.ts'

interface Case {
  readonly name: string
  readonly verdict: Verdict | 'refused'
  readonly imports: readonly string[] | null
  readonly data: string
}

const TESTDATA = join(import.meta.dirname, 'testdata')
const { cases } = JSON.parse(readFileSync(join(TESTDATA, 'pickles.json'), 'utf8')) as { cases: readonly Case[] }
const bytesOf = ({ data }: Case) => new Uint8Array(Buffer.from(data, 'base64'))
const bytesFor = (name: string) => bytesOf(cases.find((one) => one.name === name) as Case)
const text = (content: string) => Uint8Array.from(content, (character) => character.charCodeAt(0))
const names = (bytes: Uint8Array) => [...new Set(scanPickle(bytes).imports.map(({ module, name }) => `${module}.${name}`))].sort()

describe('pickles of Python, joblib and cloudpickle, and hostile ones', () => {
  for (const one of cases) {
    test(one.name, () => {
      if (one.verdict === 'refused') return assert.throws(() => scanPickle(bytesOf(one)), UnreadableModel)
      const scan = scanPickle(bytesOf(one))
      assert.equal(scan.verdict, one.verdict, JSON.stringify(scan.findings))
      if (one.imports !== null) assert.deepEqual(names(bytesOf(one)), one.imports)
      if (one.verdict === 'known') assert.deepEqual(scan.findings, [])
    })
  }
})

test('real models: nothing but their libraries, called or not', () => {
  for (const name of ['credit-risk', 'v3-sklearn-pickle', 'v3-sklearn-cloudpickle']) {
    const scan = scanPickle(new Uint8Array(readFileSync(join(TESTDATA, `${name}.pkl`))))
    assert.equal(scan.verdict, 'known')
    assert.ok(scan.imports.length > 5)
    assert.deepEqual(scan.imports.find(({ name }) => name === 'ndarray')?.called, false)
    assert.deepEqual(scan.imports.find(({ name }) => name === '_reconstruct')?.called, true)
  }
})

test('counts opcodes and says the protocol', () => {
  const [stream] = scanPickle(bytesFor('system-protocol-2')).streams
  assert.equal(stream?.protocol, 2)
  assert.deepEqual(stream?.opcodes, { BINPUT: 4, STOP: 1, REDUCE: 1, BINUNICODE: 1, GLOBAL: 1, PROTO: 1, TUPLE1: 1 })
})

test('a name made while loading is dangerous, and so is a call of what a call gave', () => {
  const computed = scanPickle(bytesFor('stack-global-computed'))
  assert.deepEqual(computed.imports[0]?.reason, 'a name that is only known when it is loaded')
  assert.match(scanPickle(bytesFor('calls-a-result')).findings.join(), /can be anything/)
})

test('what runs before a break is found, and the break is said', () => {
  const scan = scanPickle(bytesFor('runs-and-breaks'))
  assert.equal(scan.imports[0]?.called, true)
  assert.match(scan.findings.join(), /broken at byte 18: byte 255 is no opcode/)
})

test('finds every pickle in an archive of PyTorch', () => {
  const scan = scanPickle(
    makeZip([
      { name: 'model/data.pkl', data: bytesFor('system-protocol-4') },
      { name: 'model/data/0', data: Uint8Array.of(0x80, 2, 3) },
      { name: 'model/constants.pkl', data: bytesFor('plain'), deflate: true },
    ]),
  )
  assert.equal(scan.container, 'zip')
  assert.equal(scan.verdict, 'dangerous')
  assert.deepEqual(
    scan.streams.map(({ where }) => where),
    ['model/data.pkl', 'model/constants.pkl'],
  )
  assert.match(scanPickle(makeZip([{ name: 'a.txt', data: 'x' }])).findings.join(), /no pickle/)
})

test('follows the pickle that joblib puts in the place of an array of objects', () => {
  assert.equal(scanPickle(bytesFor('joblib-arrays')).streams.length, 2)
})

test('what is no pickle, or is cut off, is broken where it is, never an exception of another kind', () => {
  for (const content of ['', 'hello', '\x80', '.', '(', '\x80\x04\x95', 'c', 'cos\n', '\x8d\xff\xff\xff\xff\xff\xff\xff\xff', 'g7\n', 'R.', '0', 't', '\x94']) {
    const scan = scanPickle(text(content))
    assert.equal(scan.verdict, 'unknown', JSON.stringify(content))
    assert.match(scan.findings.join(), /broken at byte/)
  }
  const whole = bytesFor('joblib')
  for (let length = 0; length < whole.length; length += 7) assert.notEqual(scanPickle(whole.subarray(0, length)).streams[0]?.broken, undefined)
})

test('traps for memory and time end soon', () => {
  const start = performance.now()
  const traps = [
    concat([text('\x80\x04N'), new Uint8Array(40_000_000).fill(0x94)]),
    new Uint8Array(40_000_000).fill(0x28),
    new Uint8Array(40_000_000).fill(0x5d),
    concat([text('N'), new Uint8Array(35_000_000).fill(0x30)]),
  ]
  for (const trap of traps) assert.notEqual(scanPickle(trap).streams[0]?.broken, undefined)
  const wrapper = '\x80\x04cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(\x8c\x05shapeK\x01\x85\x8c\x05dtypecnumpy\ndtype\n\x8c\x02O8\x85Rub'
  assert.match(scanPickle(text(wrapper.repeat(5000))).findings.join(), /too deep/)
  assert.ok(performance.now() - start < 20_000)
})

test('whatever bytes are changed, a scan ends', () => {
  for (const one of cases) {
    const bytes = bytesOf(one)
    for (let seed = 1; seed < 30; seed += 1) {
      const changed = bytes.slice()
      for (let k = 0; k < 3; k += 1) changed[(Math.imul(seed * 31 + k, 2654435761) >>> 0) % bytes.length] = (seed * 41 + k * 97) & 255
      try {
        scanPickle(changed)
      } catch (error) {
        assert.ok(error instanceof UnreadableModel, String((error as Error).stack))
      }
    }
  }
})
