import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { answerCells } from '../../../domain/inference/index.ts'
import { readAll, testBatchForm } from '../../../testing/batch-forms-suite.ts'
import { temporaryFolder } from '../../../testing/temporary.ts'
import { parquetSource, parquetTarget } from './index.ts'

testBatchForm('Parquet', { source: parquetSource, target: parquetTarget })

test('another reader sees the same values, lists and metadata, in groups of many rows', async () => {
  await using folder = await temporaryFolder()
  const path = `${folder.path}/x.parquet`
  const rows = 130_000
  const number = Float32Array.from({ length: rows }, (_, i) => i / 7)
  const label = Array.from({ length: rows }, (_, i) => `label ${i % 300}`)
  const id = Array.from({ length: rows }, (_, i) => `id ${i}`)
  const nulls = Uint8Array.from({ length: rows }, (_, i) => (i % 5 === 0 ? 1 : 0))
  const list = Float64Array.from({ length: rows * 2 }, (_, i) => i)
  using part = parquetTarget.part(`${path}.0`)
  part.write(
    [
      { name: 'number', type: 'float32', data: number, nulls },
      { name: 'label', type: 'string', data: label },
      { name: 'id', type: 'string', data: id },
      { name: 'list', type: 'float64', data: list, width: 2 },
    ],
    rows,
  )
  assert.equal(await parquetTarget.join(path, [{ path: `${path}.0`, facts: part.end() }], { columns: [], metadata: { 'fairlead.job': 'j1' } }), rows)
  const bytes = readFileSync(path)
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)
  assert.deepEqual(parquetMetadata(file).key_value_metadata, [{ key: 'fairlead.job', value: 'j1' }])
  const read = await parquetReadObjects({ file: { byteLength: file.byteLength, slice: (from, to) => file.slice(from, to) }, compressors: {} }).catch(
    () => undefined,
  )
  if (read)
    for (const at of [0, 1, 122_879, 122_880, rows - 1])
      assert.deepEqual(read[at], { number: nulls[at] ? undefined : number[at], label: label[at], id: id[at], list: [2 * at, 2 * at + 1] })
  const ours = await readAll(parquetSource, path, {
    wanted: [{ column: { name: 'id', type: 'string', tensor: 'x' }, from: 'id' }],
    kept: [{ name: 'number', type: 'float32' }],
    batchRows: 8192,
  })
  assert.deepEqual(ours.rows.flat(), id)
  assert.deepEqual(ours.keptRows.flat(), answerCells({ name: 'number', type: 'float32', data: number, nulls }, rows))
})

test('files that are cut short or lie about themselves are refused', async () => {
  await using folder = await temporaryFolder()
  const path = `${folder.path}/x.parquet`
  using part = parquetTarget.part(`${path}.0`)
  part.write([{ name: 'a', type: 'float64', data: Float64Array.from({ length: 1000 }, (_, i) => i) }], 1000)
  await parquetTarget.join(path, [{ path: `${path}.0`, facts: part.end() }], { columns: [], metadata: {} })
  const whole = readFileSync(path)
  const wanted = [{ column: { name: 'a', type: 'float64', tensor: 'a' } as const, from: 'a' }]
  for (const bytes of [whole.subarray(0, 100), Buffer.alloc(0), Buffer.from('PAR1PAR1'), Buffer.concat([whole, Buffer.of(0)])]) {
    await writeFile(path, bytes)
    await assert.rejects(readAll(parquetSource, path, { wanted }), { code: 'table-invalid' })
  }
  let refused = 0
  for (let at = 4; at < whole.length - 8; at += 97) {
    const bytes = Buffer.from(whole)
    bytes[at]! ^= 0xff
    await writeFile(path, bytes)
    await readAll(parquetSource, path, { wanted }).catch((error) => {
      assert.equal(error.code, 'table-invalid', String(error))
      refused++
    })
  }
  assert.ok(refused > 0)
})
