import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Signature } from '@fairlead/contract'
import type { ReadingOptions } from '@fairlead/contract/control'
import type { Tensors } from '../../packages/platform/src/domain/inference/index.ts'
import { RowsPlan } from '../../packages/platform/src/domain/inference/rows.ts'
import type { FileListing } from '../../packages/platform/src/model/index.ts'
import { agree, type CaseTable, type Cells, caseTable, type Matrix, type ModelCase, matrix } from './load.ts'
import { folderListing, type ServedModel, serveModel } from './served.ts'

const CASES = join(import.meta.dirname, 'cases')

/** Files of a case that are no part of its model. */
const BESIDE = new Set(['rows.parquet', 'expected.parquet', 'shap.parquet', 'io.json'])

/** The files that someone hands over: one of the case's model files, with whatever lies beside it. */
export function caseListing(one: ModelCase, path = one.files[0]!.path): FileListing {
  const all = folderListing(join(CASES, one.dir))
  const others = new Set(one.files.map((file) => file.path).filter((file) => file !== path && isModel(file)))
  return { ...all, paths: all.paths.filter((file) => !BESIDE.has(file.path) && !others.has(file.path)) }
}

function isModel(path: string): boolean {
  return /\.(?:json|ubj|txt|onnx)$/.test(path)
}

/** A case's model, read and opened as the platform does it. */
export function serveCase(
  one: ModelCase,
  { path, runtime, reading }: { path?: string; runtime?: 'onnx' | 'compiled'; reading?: ReadingOptions } = {},
): Promise<ServedModel> {
  return serveModel(caseListing(one, path), { folder: join(CASES, one.dir), ...(runtime ? { runtime } : {}), ...(reading ? { reading } : {}) })
}

/** A cell as JSON has it: what is missing is null, and numbers that are not finite are text. */
function jsonCell(cells: Cells, row: number): unknown {
  const value = cells[row]!
  if (typeof value !== 'number' || Number.isFinite(value)) return value
  return Number.isNaN(value) ? null : String(value)
}

/** A case's rows as its model takes them, through the platform's own reading of rows; a model without names takes each row as one list. */
export function treeInputs({ read }: ServedModel, table: CaseTable): Tensors {
  const names = [...table.columns.keys()]
  const [only, ...others] = read.signature.columns
  const listed = others.length === 0 && only?.shape !== undefined ? only.name : undefined
  const rows = Array.from({ length: table.rows }, (_, row) => {
    const cells = names.map((name) => [name, jsonCell(table.columns.get(name)!, row)] as const)
    return listed === undefined ? Object.fromEntries(cells) : { [listed]: cells.map(([, value]) => value ?? 'NaN') }
  })
  return planOf(read.signature).decode(rows)
}

/** The platform's way from rows to tensors. */
export function planOf(signature: Signature): RowsPlan {
  return new RowsPlan(signature, { extraColumns: 'refuse', unknownValues: 'refuse' })
}

/** Columns of this name and a number: `pred_0`, and not `pred_best_0`. */
export function numbered(expected: CaseTable, prefix: string): Matrix {
  return matrix(
    expected,
    [...expected.columns.keys()].filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length))),
  )
}

/** What a case of trees is asked: a file, what is stated of it, and which output must be which of the expected columns. */
export interface TreeAsk {
  one: ModelCase
  path: string
  reading?: ReadingOptions
  pairs: readonly (readonly [output: string, prefix: string])[]
}

/** Reads, opens and runs a case of trees as the platform does, and compares every row. */
export async function checkTrees({ one, path, reading, pairs }: TreeAsk): Promise<void> {
  await using served = await serveCase(one, { path, ...(reading ? { reading } : {}) })
  assert.equal(served.read.format, one.library)
  const table = caseTable(one, 'rows.parquet')
  const outputs = served.session.runSync!(treeInputs(served, table))
  const expected = caseTable(one, 'expected.parquet')
  for (const [output, prefix] of pairs) {
    const { data } = outputs[output] ?? assert.fail(`no output ${output} among ${Object.keys(outputs).join(', ')}`)
    agree(data as Float64Array, numbered(expected, prefix), one.tolerance!)
  }
}
