import type { LogType } from '../../../domain/predictionlog/index.ts'
import type { ThriftWriter } from './thrift-writer.ts'

/** Physical types of Parquet. Source: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */
export const PHYSICAL = { boolean: 0, int32: 1, int64: 2, float: 4, double: 5, bytes: 6 } as const

interface ParquetType {
  physical: number
  /** The older way to say what the values mean. */
  converted?: number
  /** The newer way: a union, of which this writes the one field. */
  logical?: (thrift: ThriftWriter) => void
}

function integer(bits: number, signed: boolean, converted: number): ParquetType {
  const logical = (thrift: ThriftWriter) => void thrift.struct(10, () => thrift.i8(1, bits).flag(2, signed))
  return { physical: bits === 64 ? PHYSICAL.int64 : PHYSICAL.int32, converted, logical }
}

const NOTHING = (): void => {}

/** Types as the log's files have them. Times are microseconds in UTC. */
export const PARQUET_TYPES: Readonly<Record<LogType, ParquetType>> = {
  bool: { physical: PHYSICAL.boolean },
  int8: integer(8, true, 15),
  int16: integer(16, true, 16),
  int32: integer(32, true, 17),
  int64: integer(64, true, 18),
  uint8: integer(8, false, 11),
  uint16: integer(16, false, 12),
  uint32: integer(32, false, 13),
  uint64: integer(64, false, 14),
  float32: { physical: PHYSICAL.float },
  float64: { physical: PHYSICAL.double },
  string: { physical: PHYSICAL.bytes, converted: 0, logical: (thrift) => void thrift.struct(1, NOTHING) },
  timestamp: {
    physical: PHYSICAL.int64,
    converted: 10,
    logical: (thrift) => void thrift.struct(8, () => thrift.flag(1, true).struct(2, () => thrift.struct(2, NOTHING))),
  },
}
