import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readMetadata } from '../../packages/platform/src/adapters/parquet/metadata.ts'
import { readParquet } from '../../packages/platform/src/adapters/parquet/read.ts'

const CASES = join(import.meta.dirname, 'cases')

/** What the manifest says of a case; see the README beside the cases. */
export interface ModelCase {
  readonly id: string
  /** Folder below `test/models/cases`. */
  readonly dir: string
  readonly library: 'xgboost' | 'lightgbm' | 'onnx'
  readonly version: string
  readonly files: readonly { readonly path: string; readonly format: string; readonly what?: string }[]
  readonly support: 'required' | 'optional' | 'refuse'
  readonly notes: string
  readonly objective?: string
  readonly booster?: string
  readonly features?: readonly Feature[]
  readonly feature_names_in_file?: boolean
  readonly classes?: readonly (number | string)[] | null
  /** Value of rows that counts as missing: a number, or `"NaN"`. */
  readonly missing?: number | 'NaN'
  /** Class of the scikit-learn interface that gave the answers. */
  readonly wrapper?: string
  readonly best_iteration?: number
  readonly rounds_in_file?: number
  readonly tolerance?: Tolerance
  readonly inputs?: readonly { readonly name: string; readonly type?: string; readonly datatype?: string; readonly columns?: readonly string[] }[]
  readonly outputs?: readonly { readonly name: string; readonly type?: string }[]
  readonly operators?: readonly string[]
  readonly row_count?: number
  readonly shap?: { readonly file: string; readonly rows: number; readonly tolerance: Tolerance }
}

export interface Feature {
  readonly name: string
  readonly type: string
  readonly categories?: readonly (string | number)[]
  readonly codes?: number
}

/** Allowed difference: `abs + rel · |expected|`. */
export interface Tolerance {
  readonly abs: number
  readonly rel: number
}

/** A column of a table: numbers with NaN for what is missing, or texts with null. */
export type Cells = Float64Array | (string | null)[]

export interface CaseTable {
  readonly rows: number
  /** By name, in the file's order. */
  readonly columns: ReadonlyMap<string, Cells>
}

/** All 322 cases, or those of one library, as the manifest lists them. */
export function modelCases(library?: ModelCase['library']): readonly ModelCase[] {
  const { cases } = JSON.parse(readFileSync(join(CASES, 'manifest.json'), 'utf8')) as { cases: ModelCase[] }
  return library === undefined ? cases : cases.filter((one) => one.library === library)
}

/** The case of this id. Throws when there is none. */
export function modelCase(id: string): ModelCase {
  const found = modelCases().find((one) => one.id === id)
  assert.ok(found, `no case ${id} in test/models/cases/manifest.json`)
  return found
}

/** Bytes of one of the case's files, the first unless named. */
export function modelBytes({ dir, files }: ModelCase, path = files[0]!.path): Uint8Array {
  return new Uint8Array(readFileSync(join(CASES, dir, path)))
}

/** Whether the case has this file: `rows.parquet`, `expected.parquet`, `shap.parquet`, `io.json`. */
export function caseHas({ dir }: ModelCase, file: string): boolean {
  return readdirSync(join(CASES, dir)).includes(file)
}

/** A table of the case, whole. Truth values are 0 and 1; whole numbers must be exact as doubles. */
export function caseTable({ dir }: ModelCase, file: 'rows.parquet' | 'expected.parquet' | 'shap.parquet'): CaseTable {
  const bytes = new Uint8Array(readFileSync(join(CASES, dir, file)))
  const names = readMetadata(bytes).columns.map(({ name }) => name)
  const asked = names.map((name) => ({ name, type: 'float64' as const, tensor: name }))
  const { rows, columns } = readParquet(bytes, { columns: asked, maxRows: 100_000 })
  return { rows, columns: new Map(columns.map(({ name, at }) => [name, cells(Array.from({ length: rows }, (_, row) => at(row)))])) }
}

function cells(values: unknown[]): Cells {
  if (values.some((value) => typeof value === 'string' && !FINITE.has(value))) return values.map((value) => (value === null ? null : String(value)))
  return Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value)))
}

/** How the Parquet reader writes numbers that are not finite. */
const FINITE: ReadonlySet<unknown> = new Set(['NaN', 'Infinity', '-Infinity'])

/** Requests and answers of a case made by hand, in the shape of the Open Inference Protocol. */
export interface Exchange {
  readonly inputs: readonly Tensor[]
  readonly outputs?: readonly (Tensor & { readonly type?: string; readonly value?: unknown })[]
  /** Why onnxruntime refuses this request. */
  readonly error?: string
}

export interface Tensor {
  readonly name: string
  readonly datatype: string
  readonly shape: readonly number[]
  readonly data: readonly (number | bigint | string | boolean)[]
}

/** The requests of a case's `io.json`; whole numbers that a double does not hold are bigints. */
export function caseExchanges({ dir }: ModelCase): readonly Exchange[] {
  const exact = (_: string, value: unknown, { source }: { source: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value
  // the third argument of a reviver is newer than the types
  const text = readFileSync(join(CASES, dir, 'io.json'), 'utf8')
  return (JSON.parse(text, exact as (key: string, value: unknown) => unknown) as { requests: Exchange[] }).requests
}

/** Numbers of some columns, row after row. */
export interface Matrix {
  readonly rows: number
  readonly columns: readonly string[]
  readonly data: Float64Array
}

/** Columns of numbers as one matrix: those named, or those whose name begins so. Throws when one is missing or of text. */
export function matrix(table: CaseTable, columns: readonly string[] | string): Matrix {
  const names = typeof columns === 'string' ? [...table.columns.keys()].filter((name) => name.startsWith(columns)) : columns
  assert.ok(names.length > 0, `no column begins with ${String(columns)}`)
  const data = new Float64Array(table.rows * names.length)
  for (const [at, name] of names.entries()) {
    const values = table.columns.get(name)
    assert.ok(values instanceof Float64Array, `column ${name} is ${values ? 'of text' : 'missing'}`)
    for (let row = 0; row < table.rows; row++) data[row * names.length + at] = values[row]!
  }
  return { rows: table.rows, columns: names, data }
}

/** Fails at the first number that is further from what is expected than `tolerance` allows, naming its row and column. */
export function agree(actual: ArrayLike<number | bigint>, { rows, columns, data }: Matrix, { abs, rel }: Tolerance): void {
  assert.equal(actual.length, data.length, `${rows} rows of ${columns.length} columns are expected`)
  for (let i = 0; i < data.length; i++) {
    const [got, wanted] = [Number(actual[i]), data[i]!]
    if (Object.is(got, wanted) || got === wanted || Math.abs(got - wanted) <= abs + rel * Math.abs(wanted)) continue
    const off = Math.abs(got - wanted)
    assert.fail(
      `row ${Math.floor(i / columns.length)}, column ${columns[i % columns.length]}: ${got}, expected ${wanted} (${off} apart, allowed ${abs + rel * Math.abs(wanted)})`,
    )
  }
}
