import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import type { DataType } from '@fairlead/contract'
import { readAll, testBatchForm } from '../../testing/batch-forms-suite.ts'
import { temporaryFolder } from '../../testing/temporary.ts'
import { csvSource, csvTarget } from './index.ts'

testBatchForm('CSV', { source: csvSource, target: csvTarget, blank: '' })

const want = (columns: Record<string, DataType>) =>
  Object.entries(columns).map(([name, type]) => ({ column: { name, type, tensor: name, optional: true }, from: name }))

async function read(bytes: string | Uint8Array, columns: Record<string, DataType>, more: { pieceBytes?: number; header?: boolean; batchRows?: number } = {}) {
  await using folder = await temporaryFolder()
  const path = `${folder.path}/x.csv`
  await writeFile(path, bytes)
  return readAll(csvSource, path, { wanted: want(columns), ...more })
}

test('numbers in all their writings are the nearest ones, and what is no number stays text', async () => {
  const texts = [
    '1',
    '-0',
    '+5',
    '1.',
    '.5',
    '1e3',
    '-2.5E-3',
    '0.1',
    '123456789012345678',
    '0.12345678901234567',
    '9007199254740993',
    ' 7 ',
    '"8"',
    '00012.50',
    '1e400',
    '0x10',
    '1,5',
    '',
    '""',
    'NaN',
    'inf',
    '-Infinity',
    '--1',
    '1.2.3',
    '5-',
  ]
  const { rows, faults } = await read(`a;b\n${texts.map((text) => `${text};x`).join('\n')}\n`, { a: 'float64' })
  const other = {
    '1e400': 'Infinity',
    '0x10': '0x10',
    '1,5': '1,5',
    '': null,
    '""': null,
    NaN: 'NaN',
    inf: 'Infinity',
    '-Infinity': '-Infinity',
    '--1': '--1',
    '1.2.3': '1.2.3',
    '5-': '5-',
  } as Record<string, unknown>
  assert.deepEqual(faults, [])
  for (const [at, text] of texts.entries()) {
    const expected = Object.hasOwn(other, text) ? other[text] : Number(text.replaceAll('"', ''))
    assert.ok(Object.is(rows[at]![0], expected), `${text}: ${rows[at]![0]}`)
  }
})

test('random decimals are read as Number reads them, and float32 columns as those rounded', async () => {
  let seed = 1
  const random = () => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31
    return seed / 2 ** 31
  }
  const texts = Array.from({ length: 5000 }, () => {
    const digits = 1 + Math.floor(random() * 20)
    const text = Array.from({ length: digits }, () => Math.floor(random() * 10)).join('')
    const point = Math.floor(random() * (digits + 1))
    return `${random() < 0.5 ? '-' : ''}${text.slice(0, point) || '0'}${point < digits ? `.${text.slice(point)}` : ''}`
  })
  const body = `d,f\n${texts.map((text) => `${text},${text}`).join('\n')}`
  const { rows } = await read(body, { d: 'float64', f: 'float32' }, { batchRows: 999 })
  for (const [at, text] of texts.entries()) {
    assert.ok(Object.is(rows[at]![0], Number(text)), text)
    assert.ok(Object.is(Math.fround(rows[at]![1] as number), Math.fround(Number(text))), text)
  }
})

test('integers keep every digit', async () => {
  const { rows } = await read('a\n9223372036854775807\n-9223372036854775808\n12\n1.0\n', { a: 'int64' })
  assert.deepEqual(rows, [[9223372036854775807n], [-9223372036854775808n], [12], [1]])
})

test('quoted fields may hold everything, wherever the file is cut', async () => {
  const records = Array.from({ length: 3000 }, (_, i) => [`${i}`, i % 3 === 0 ? `line ${i}\nsecond, "third"\r\nfourth` : `plain ${i}`])
  const body = `id,text\r\n${records.map(([id, text]) => `${id},"${text!.replaceAll('"', '""')}"`).join('\r\n')}\r\n`
  for (const pieceBytes of [1000, 1777, 5003]) {
    const { rows, faults, reads, facts } = await read(body, { id: 'int32', text: 'string' }, { pieceBytes })
    assert.ok(facts.guessed && reads.length > 10)
    assert.deepEqual(faults, [])
    assert.deepEqual(
      rows,
      records.map(([id, text]) => [Number(id), text]),
    )
    for (const [at, own] of reads.entries()) if (at > 0) assert.equal(own.from, reads[at - 1]!.to)
    assert.equal(
      reads.reduce((sum, own) => sum + own.lines, 0),
      body.split('\n').length - 2,
    )
  }
})

test('byte order marks, other encodings and other delimiters are found out', async () => {
  const text = 'näme;größe\nä;1,5\n'
  const columns: Record<string, DataType> = { näme: 'string', größe: 'string' }
  const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le')
  for (const bytes of [Buffer.from(text), Buffer.from(`\ufeff${text}`), utf16, Buffer.from(utf16).swap16()])
    assert.deepEqual((await read(bytes, columns)).rows, [['ä', '1,5']])
  for (const mark of [',', '\t', '|']) assert.deepEqual((await read(`a${mark}b\n"x;y"${mark}2\n`, { a: 'string', b: 'int32' })).rows, [['x;y', 2]])
  assert.deepEqual((await read('5,x\n6,y\n', { 1: 'int32', 2: 'string' }, { header: false })).rows, [
    [5, 'x'],
    [6, 'y'],
  ])
})

test('a record in another encoding than the rest is put apart by itself', async () => {
  const body = Buffer.concat([Buffer.from('a,b\n1,ä\n2,'), Buffer.of(0xe4), Buffer.from('\n3,ö\n')])
  const { rows, faults } = await read(body, { a: 'int32', b: 'string' })
  assert.deepEqual(rows, [
    [1, 'ä'],
    [3, 'ö'],
  ])
  assert.deepEqual(
    faults.map(({ row, line, code }) => [row, line, code]),
    [[1, 1, 'utf8-invalid']],
  )
})

test('broken records are put apart by themselves, and do not take others with them', async () => {
  const body = 'a,b\n1,x\n2\n3,y,z\n4,"un\n5,q"uote\n6,"closed"x\n7,w\rv\n8,ok'
  const { rows, faults } = await read(body, { a: 'int32', b: 'string' })
  assert.deepEqual(
    rows.map(([a]) => a),
    [1, 8],
  )
  assert.deepEqual(
    faults.map(({ row, text }) => [row, text]),
    [
      [1, '2'],
      [2, '3,y,z'],
      [3, '4,"un'],
      [4, '5,q"uote'],
      [5, '6,"closed"x'],
      [6, '7,w\rv'],
    ],
  )
})

test('what is written is no formula to a spreadsheet, and numbers stay numbers', async () => {
  await using folder = await temporaryFolder()
  const path = `${folder.path}/x.csv`
  using part = csvTarget.part(`${path}.0`)
  const texts = ['=1+1', '+SUM(A1)', '-5', '-1e3', '@x', '\tx', '-x', 'plain']
  part.write(
    [
      { name: '=name', type: 'string', data: texts },
      { name: 'n', type: 'float64', data: Float64Array.of(-1, Number.NaN, Number.NEGATIVE_INFINITY, 0, 1, 2, 3, 4) },
    ],
    8,
  )
  await csvTarget.join(path, [{ path: `${path}.0`, facts: part.end() }], { columns: [], metadata: {} })
  const lines = readFileSync(path, 'utf8').split('\r\n')
  assert.deepEqual(
    lines.map((line) => line.split(',')[0]),
    ["'=name", "'=1+1", "'+SUM(A1)", '-5', '-1e3', "'@x", "'\tx", "'-x", 'plain', ''],
  )
  assert.deepEqual(
    lines.slice(1, 4).map((line) => line.split(',')[1]),
    ['-1', 'NaN', '-Infinity'],
  )
})
