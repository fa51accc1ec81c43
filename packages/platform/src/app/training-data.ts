import { FairleadError, type Row } from '@fairlead/contract'
import { parquetFormat } from '../adapters/parquet/index.ts'
import type { Table } from '../domain/inference/index.ts'
import type { Column, TrainingData } from '../domain/pipeline/index.ts'
import { sha256 } from '../kernel/digest.ts'

/** Rows that are read at most. */
const MOST_ROWS = 10_000_000

type Cell = (row: number) => unknown

/** Training data from a Parquet file. Throws as its reader. */
export async function parquetData(bytes: Uint8Array): Promise<TrainingData> {
  const codec = await parquetFormat.open()
  const names = (await codec.read(bytes, { columns: [], maxRows: MOST_ROWS })).columns.map(({ name }) => name)
  const table: Table = await codec.read(bytes, { columns: names.map((name) => ({ name, type: 'float64', tensor: name })), maxRows: MOST_ROWS })
  const columns = table.columns.map(({ name, at }) => [name, columnFrom(at, table.rows, false)] as const)
  return { columns: new Map(columns), rows: table.rows, digest: sha256(bytes) }
}

/** What rows came from. */
export interface RowsOrigin {
  bytes: Uint8Array
  /** Whether they say nothing of types (CSV): what looks like numbers in every row is numbers then, and empty text is no value. */
  fromText: boolean
  /** Columns that are texts whatever they look like. */
  texts?: ReadonlySet<string>
}

/** Training data from rows. Throws `rows-empty`. */
export function rowsData(rows: readonly Row[], { bytes, fromText, texts }: RowsOrigin): TrainingData {
  const [first] = rows
  if (!first) throw new FairleadError('rows-empty', 'the data has no rows')
  const cellsOf = (name: string) => (row: number) => {
    const value = rows[row]![name]
    return value === '' && fromText ? null : value
  }
  const columns = Object.keys(first).map((name) => [name, columnFrom(cellsOf(name), rows.length, fromText && texts?.has(name) !== true)] as const)
  return { columns: new Map(columns), rows: rows.length, digest: sha256(bytes) }
}

const NOT_FINITE: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY, '-Infinity': Number.NEGATIVE_INFINITY }

function numberOf(value: unknown, fromText: boolean): number | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value)
  if (typeof value !== 'string') return undefined
  const known = NOT_FINITE[value]
  if (known !== undefined || !fromText) return known
  return value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : undefined
}

function columnFrom(at: Cell, rows: number, fromText: boolean): Column {
  const values = Array.from({ length: rows }, (_, row) => at(row) ?? null)
  const marks = Uint8Array.from(values, (value) => (value === null ? 1 : 0))
  const nulls = marks.includes(1) ? marks : undefined
  const given = values.filter((value) => value !== null)
  const numbers = given.map((value) => numberOf(value, fromText))
  if (given.length > 0 && numbers.every((value) => value !== undefined))
    return { type: 'number', data: Float64Array.from(values, (value) => (value === null ? Number.NaN : numberOf(value, fromText)!)), nulls }
  if (given.length > 0 && given.every((value) => typeof value === 'boolean')) return { type: 'boolean', data: Uint8Array.from(values, Number), nulls }
  return { type: 'text', data: values.map((value) => (value === null ? '' : String(value))), nulls }
}
