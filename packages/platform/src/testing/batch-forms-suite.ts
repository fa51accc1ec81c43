import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DataType, InputColumn } from '@fairlead/contract'
import type { BatchSource, BatchTarget, PieceAsk, SourceBatch } from '../domain/batch/index.ts'
import { type AnswerColumn, answerCells } from '../domain/inference/index.ts'
import { temporaryFolder } from './temporary.ts'

/** Values of every type, with their edges. */
const COLUMNS: AnswerColumn[] = [
  { name: 'flag', type: 'bool', data: Uint8Array.of(1, 0, 1, 0) },
  { name: 'small', type: 'int32', data: Int32Array.of(-2147483648, 2147483647, 0, -1) },
  { name: 'large', type: 'int64', data: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, 9_007_199_254_740_993n, 0n) },
  { name: 'single', type: 'float32', data: Float32Array.of(0.1, -3.4028234663852886e38, 1e-45, 16_777_217) },
  { name: 'double', type: 'float64', data: Float64Array.of(0.1, 5e-324, -1.7976931348623157e308, 123_456_789.123_456_78) },
  { name: 'text, "quoted"', type: 'string', data: ['plain', 'a "b", c\nd', 'ä 😀', ''] },
  { name: 'holes', type: 'float64', data: Float64Array.of(1, 0, 3, 0), nulls: Uint8Array.of(0, 1, 0, 1) },
  { name: 'gaps', type: 'string', data: ['x', '', '', 'y'], nulls: Uint8Array.of(0, 1, 1, 0) },
]

function repeated(columns: readonly AnswerColumn[], rows: number): AnswerColumn[] {
  return columns.map((column) => {
    const cells = (from: ArrayLike<unknown>) => Array.from({ length: rows }, (_, row) => from[row % 4])
    const data = cells(column.data)
    const Values = column.data.constructor as unknown as { from(values: unknown[]): AnswerColumn['data'] }
    return { ...column, data: Values.from(data), ...(column.nulls ? { nulls: Uint8Array.from(cells(column.nulls) as number[]) } : {}) }
  })
}

/** Reads all pieces of a file; values as rows of a table have them. */
export async function readAll(
  source: BatchSource,
  file: string,
  ask: { wanted: PieceAsk['wanted']; kept?: PieceAsk['kept']; pieceBytes?: number; batchRows?: number; header?: boolean },
) {
  const { pieceBytes = 2 ** 20, wanted, kept = [], batchRows = 100, header = true } = ask
  const facts = await source.describe(file, { header, pieceBytes })
  const rows: unknown[][] = []
  const keptRows: unknown[][] = []
  const faults: SourceBatch['faults'] = []
  const reads = []
  for (const piece of facts.pieces) {
    using reader = source.open({ file, piece, how: facts.how, wanted, kept, batchRows })
    for (let batch = await reader.next(); batch; batch = await reader.next()) {
      const { table } = batch
      for (let row = 0; row < table.rows; row++) rows.push(table.columns.map((column) => column.at(row)))
      for (const column of table.columns) if (column.dense) assert.ok(column.dense.data.length >= table.rows)
      const cells = batch.kept.map((column) => answerCells(column, table.rows))
      for (let row = 0; row < table.rows; row++) keptRows.push(cells.map((column) => column[row]))
      faults.push(...batch.faults)
    }
    reads.push(reader.read)
  }
  return { facts, rows, keptRows, faults, reads }
}

const asInput = ({ name, type }: { name: string; type: DataType }): PieceAsk['wanted'][number] => {
  const column: InputColumn = { name, type, tensor: name, optional: true }
  return { column, from: name }
}

const KEPT = COLUMNS.map(({ name, type }) => ({ name, type }))

/** What every form keeps to that is both read and written. */
export function testBatchForm(name: string, { source, target, blank = '' }: { source: BatchSource; target: BatchTarget; blank?: string | null }): void {
  const written = async (path: string, parts: number, rows: number) => {
    const done = []
    for (let part = 0; part < parts; part++) {
      using writer = target.part(`${path}.${part}`)
      for (let at = 0; at < rows; at += 4) writer.write(repeated(COLUMNS, Math.min(4, rows - at)), Math.min(4, rows - at))
      done.push({ path: `${path}.${part}`, facts: JSON.parse(JSON.stringify(writer.end() ?? null)) })
    }
    const columns = COLUMNS.map((column) => ({ name: column.name, type: column.type, list: false }))
    return target.join(path, done, { columns, metadata: { 'fairlead.job': 'j1' } })
  }
  const expected = (rows: number) => {
    const cells = repeated(COLUMNS, rows).map((column) => answerCells(column, rows))
    return Array.from({ length: rows }, (_, row) => cells.map((column) => column[row]))
  }

  test(`${name}: values of every type are read as they were written, from parts that were joined`, async () => {
    await using folder = await temporaryFolder()
    const path = `${folder.path}/x`
    assert.equal(await written(path, 3, 6), 18)
    const { rows, keptRows, faults } = await readAll(source, path, { wanted: COLUMNS.map(asInput), kept: KEPT })
    const want = [...expected(6), ...expected(6), ...expected(6)]
    assert.deepEqual(faults, [])
    assert.equal(rows.length, 18)
    for (const [at, row] of rows.entries()) {
      const own = want[at]!.map((value, place) => (value === '' ? blank : COLUMNS[place]!.type === 'float32' ? value : value))
      const got = row.map((value, place) =>
        COLUMNS[place]!.type === 'float32' ? Math.fround(Number(value)) : COLUMNS[place]!.type === 'int64' ? BigInt(value as number) : value,
      )
      assert.deepEqual(got, own, `row ${at}`)
    }
    for (const [at, row] of keptRows.entries())
      assert.deepEqual(
        row.map((value) => (value === '' ? blank : value)),
        want[at]!.map((value) => (value === '' ? blank : value)),
        `kept ${at}`,
      )
  })

  test(`${name}: pieces follow each other without a gap, and hold every row once`, async () => {
    await using folder = await temporaryFolder()
    const path = `${folder.path}/x`
    await written(path, 4, 500)
    const { facts, rows, reads } = await readAll(source, path, { wanted: COLUMNS.map(asInput), pieceBytes: 2000 })
    assert.equal(rows.length, 2000)
    assert.equal(
      reads.reduce((sum, read) => sum + read.rows, 0),
      2000,
    )
    for (const [at, read] of reads.entries()) if (at > 0) assert.equal(read.from, reads[at - 1]!.to)
    assert.deepEqual(new Set(facts.columns.map((column) => column.name)), new Set(COLUMNS.map((column) => column.name)))
  })

  test(`${name}: parts without rows are joined to a file without rows`, async () => {
    await using folder = await temporaryFolder()
    const path = `${folder.path}/x`
    assert.equal(await written(path, 2, 0), 0)
    const { rows } = await readAll(source, path, { wanted: [] })
    assert.deepEqual(rows, [])
  })

  test(`${name}: a file that is none is refused as such`, async () => {
    await using folder = await temporaryFolder()
    await assert.rejects(source.describe(`${folder.path}/none`, { header: true, pieceBytes: 1000 }), { code: 'file-unreadable' })
  })
}
