/** Element types of columns and tensors, by the names used in signature files. */
export const DATA_TYPES = ['bool', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64', 'float16', 'float32', 'float64', 'string'] as const

/** One element type. */
export type DataType = (typeof DATA_TYPES)[number]

/** Open Inference Protocol names of the element types. */
export const OIP_TYPES = {
  bool: 'BOOL',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
} as const satisfies Record<DataType, string>

/** One Open Inference Protocol type name that Fairlead serves. */
export type OipType = (typeof OIP_TYPES)[DataType]

/** Element types by their names in the Open Inference Protocol. */
export const TYPES_BY_OIP: ReadonlyMap<string, DataType> = new Map(Object.entries(OIP_TYPES).map(([type, oip]) => [oip, type as DataType]))

/** Inclusive range of each integer type. */
export const INTEGER_RANGES = {
  int8: [-128n, 127n],
  int16: [-32768n, 32767n],
  int32: [-2147483648n, 2147483647n],
  int64: [-9223372036854775808n, 9223372036854775807n],
  uint8: [0n, 255n],
  uint16: [0n, 65535n],
  uint32: [0n, 4294967295n],
  uint64: [0n, 18446744073709551615n],
} as const satisfies Partial<Record<DataType, readonly [bigint, bigint]>>

/** Whether values of this type are whole numbers. */
export function isInteger(type: DataType): type is keyof typeof INTEGER_RANGES {
  return type in INTEGER_RANGES
}

/** Whether values of this type travel as `bigint` in JavaScript. */
export function isBigInteger(type: DataType): type is 'int64' | 'uint64' {
  return type === 'int64' || type === 'uint64'
}

/** Whether values of this type are floating-point numbers. */
export function isFloat(type: DataType): type is 'float16' | 'float32' | 'float64' {
  return type === 'float16' || type === 'float32' || type === 'float64'
}
