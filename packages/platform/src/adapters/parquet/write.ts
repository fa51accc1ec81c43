import type { DataType } from '@fairlead/contract'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { type AnswerColumn, type AnswerFacts, answerCells } from '../../domain/inference/index.ts'

type Options = Parameters<typeof parquetWriteBuffer>[0]
type Column = Options['columnData'][number]
type SchemaElement = NonNullable<Options['schema']>[number]

/** Types as Parquet has them; half floats are widened, as in the prediction log. */
const TYPES: Readonly<Record<DataType, Pick<SchemaElement, 'type' | 'converted_type'>>> = {
  bool: { type: 'BOOLEAN' },
  int8: { type: 'INT32', converted_type: 'INT_8' },
  int16: { type: 'INT32', converted_type: 'INT_16' },
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  uint8: { type: 'INT32', converted_type: 'UINT_8' },
  uint16: { type: 'INT32', converted_type: 'UINT_16' },
  uint32: { type: 'INT32', converted_type: 'UINT_32' },
  uint64: { type: 'INT64', converted_type: 'UINT_64' },
  float16: { type: 'FLOAT' },
  float32: { type: 'FLOAT' },
  float64: { type: 'DOUBLE' },
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
}

function schemaOf({ name, type, nulls, width }: AnswerColumn): SchemaElement[] {
  if (width === undefined) return [{ name, ...TYPES[type], repetition_type: nulls ? 'OPTIONAL' : 'REQUIRED' }]
  return [
    { name, repetition_type: 'REQUIRED', num_children: 1, converted_type: 'LIST' },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', ...TYPES[type], repetition_type: 'REQUIRED' },
  ]
}

/** Writes an answer as a Parquet file, compressed with Snappy; id, deployment and release stand in its metadata. */
export function writeParquet(columns: readonly AnswerColumn[], rows: number, { id, deployment, release }: AnswerFacts): Uint8Array {
  const buffer = parquetWriteBuffer({
    schema: [{ name: 'root', num_children: columns.length }, ...columns.flatMap(schemaOf)],
    columnData: columns.map((column): Column => ({ name: column.name, data: answerCells(column, rows) })),
    kvMetadata: [
      { key: 'fairlead.id', value: id },
      { key: 'fairlead.deployment', value: deployment },
      { key: 'fairlead.release', value: String(release) },
    ],
  })
  return new Uint8Array(buffer)
}
