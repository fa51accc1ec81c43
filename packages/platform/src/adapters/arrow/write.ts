import type { DataType } from '@fairlead/contract'
import {
  type DataType as ArrowType,
  bool,
  type Column,
  columnFromArray,
  fixedSizeList,
  float16,
  float32,
  float64,
  int8,
  int16,
  int32,
  int64,
  tableFromColumns,
  tableToIPC,
  uint8,
  uint16,
  uint32,
  uint64,
  utf8,
} from '@uwdata/flechette'
import { type AnswerColumn, type AnswerFacts, answerCells } from '../../domain/inference/index.ts'

const TYPES: Readonly<Record<DataType, () => ArrowType>> = {
  bool,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  float16,
  float32,
  float64,
  string: utf8,
}

function columnOf(column: AnswerColumn, rows: number): Column<unknown> {
  const { type, width } = column
  return columnFromArray(answerCells(column, rows), width === undefined ? TYPES[type]() : fixedSizeList(TYPES[type](), width))
}

/** Writes an answer as an Arrow IPC stream or file of one batch; id, deployment and release stand in the metadata of its schema. */
export function writeArrow(
  columns: readonly AnswerColumn[],
  { rows, facts, format }: { rows: number; facts: AnswerFacts; format: 'stream' | 'file' },
): Uint8Array {
  const table = tableFromColumns(columns.map((column): [string, Column<unknown>] => [column.name, columnOf(column, rows)]))
  const metadata = new Map([
    ['fairlead.id', facts.id],
    ['fairlead.deployment', facts.deployment],
    ['fairlead.release', String(facts.release)],
  ])
  Object.assign(table.schema, { metadata })
  return tableToIPC(table, { format }) as Uint8Array
}
