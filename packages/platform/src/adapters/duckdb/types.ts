import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  DuckDBListType,
  DuckDBTimestampMillisecondsValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
  FLOAT,
  INTEGER,
  LIST,
  listValue,
  SMALLINT,
  TIMESTAMP_MS,
  TINYINT,
  UBIGINT,
  UINTEGER,
  USMALLINT,
  UTINYINT,
  VARCHAR,
} from '@duckdb/node-api'
import type { LogColumn, LogType } from '../../domain/predictionlog/index.ts'

const TYPES: Record<LogType, DuckDBType> = {
  bool: BOOLEAN,
  int8: TINYINT,
  int16: SMALLINT,
  int32: INTEGER,
  int64: BIGINT,
  uint8: UTINYINT,
  uint16: USMALLINT,
  uint32: UINTEGER,
  uint64: UBIGINT,
  float32: FLOAT,
  float64: DOUBLE,
  string: VARCHAR,
  timestamp: TIMESTAMP_MS,
}

/** DuckDB's type of a column of the log. */
export function duckType(column: Pick<LogColumn, 'type' | 'list'>): DuckDBType {
  return column.list ? LIST(TYPES[column.type]) : TYPES[column.type]
}

function scalarWriter(type: LogType): (value: unknown) => DuckDBValue {
  if (type === 'timestamp') return (value) => new DuckDBTimestampMillisecondsValue(BigInt(value as number))
  if (type === 'string') return (value) => String(value)
  if (type === 'bool') return (value) => Boolean(value)
  if (type === 'int64' || type === 'uint64') return (value) => (typeof value === 'bigint' ? value : BigInt(value as number))
  return (value) => Number(value)
}

/** Turns values of the log into those that DuckDB takes for a column of this type. */
export function duckWriter(column: Pick<LogColumn, 'type' | 'list'>): (value: unknown) => DuckDBValue {
  const scalar = scalarWriter(column.type)
  const write = (value: unknown) => (value === null ? null : scalar(value))
  return column.list ? (value) => (value === null ? null : listValue((value as unknown[]).map(write))) : write
}

/**
 * Turns values of a column of DuckDB into JSON as the log's answers have them: times in RFC 3339, whole numbers beyond 2^53 as text,
 * NaN and infinities as text, and float32 with no more digits than it takes to tell them apart.
 */
export function jsonReader(type: DuckDBType): (value: DuckDBValue) => unknown {
  const scalar = type instanceof DuckDBListType ? type.valueType : type
  const single = scalar.typeId === DuckDBTypeId.FLOAT
  return (value) => jsonValue(value, single)
}

function jsonValue(value: DuckDBValue, single: boolean): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? (single ? shortest(value) : value) : String(value)
  if (typeof value === 'bigint') return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value.toString()
  if (value instanceof DuckDBTimestampMillisecondsValue) return new Date(Number(value.millis)).toISOString()
  if (typeof value === 'object' && 'items' in value) return (value.items as readonly DuckDBValue[]).map((item) => jsonValue(item, single))
  return String(value)
}

/** The double nearest to the shortest decimal that is the same float32: 5.1 in place of 5.099999904632568. */
function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits))
    if (Math.fround(candidate) === value) return candidate
  }
  return Number(value.toPrecision(9))
}
