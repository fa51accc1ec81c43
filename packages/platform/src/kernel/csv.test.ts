import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { CsvScanner, findRecords } from './csv.ts'

const tooMany = () => new FairleadError('rows-too-many', 'too many')

function read(
  text: string,
  { maxRows = 100, wants = () => true }: { maxRows?: number; wants?: (name: string) => boolean } = {},
): { header: readonly string[]; rows: string[][] } {
  const bytes = Buffer.from(text)
  const scanner = new CsvScanner(bytes)
  const found = findRecords(scanner, bytes, { wants, maxRows, tooMany })
  const columns = found.header.flatMap((name, index) => (wants(name) ? [index] : []))
  const field = (row: number, column: number) => {
    const from = found.start(row, column)
    return scanner.text(from, scanner.fieldEnd(from))
  }
  return { header: found.header, rows: Array.from({ length: found.rows }, (_, row) => columns.map((column) => field(row, column))) }
}

test('fields are found whatever stands in their quotes and at the ends of lines', () => {
  const cases: [string, string[][]][] = [
    [
      'a,b\n1,2\n3,4',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    [
      'a,b\r\n1,2\r\n3,4\r\n',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    [
      '\ufeffa,b\n\n1,2\n\r\n\n3,4\n\n',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    [
      'a,b\n"x,""y""\r\nz",\n"",é',
      [
        ['x,"y"\r\nz', ''],
        ['', 'é'],
      ],
    ],
    ['a,b\n,\n', [['', '']]],
    ['a,b', []],
  ]
  for (const [text, rows] of cases) assert.deepEqual(read(text), { header: ['a', 'b'], rows }, text)
  assert.deepEqual(read('"a b",c\n1,2\r'), { header: ['a b', 'c'], rows: [['1', '2']] })
})

test('places are kept for wanted columns only, and for as many rows as there are', () => {
  const text = `x,a,y,b\n${Array.from({ length: 1000 }, (_, i) => `-,${i},-,${i * 2}`).join('\n')}`
  const { rows } = read(text, { maxRows: 1000, wants: (name) => name === 'a' || name === 'b' })
  assert.deepEqual([rows.length, rows[0], rows[999]], [1000, ['0', '0'], ['999', '1998']])
  assert.throws(() => read(text, { maxRows: 999 }), /too many/)
})

test('what is no CSV is refused with its line and column', () => {
  const cases: [string, RegExp][] = [
    ['', /it is empty.*line 1/],
    ['\n\n', /it is empty/],
    ['a,b\n1,2\n3', /1 fields, and the header has 2 \(line 3, column 1\)/],
    ['a,b\n1,2,3', /3 fields, and the header has 2 \(line 2, column 1\)/],
    ['a,b\n1,2,3,4', /more fields than the header, which has 2 \(line 2, column 1\)/],
    ['a,b\n1,"2\n3', /a quote is opened and never closed \(line 2, column 3\)/],
    ['a,b\n1,"2"3\n', /text follows a closed quote \(line 2, column 6\)/],
    ['a,b\n1,2"\n', /a quote stands inside a field that is not quoted \(line 2, column 4\)/],
    ['a,b\r1,2\r', /a carriage return stands alone.* \(line 1, column 4\)/],
    ['a;b\n1;2', /separated by commas, not by ";"/],
    ['a\tb\n', /not by tabs/],
    [`${'a,'.repeat(100_001)}a\n`, /more than 100000 columns/],
  ]
  for (const [text, words] of cases)
    assert.throws(
      () => read(text),
      (error: FairleadError) => error.code === 'table-invalid' && words.test(error.message),
      text.slice(0, 40),
    )
})
