import type { InputColumn, Row, Signature } from '@fairlead/contract'

function plainSample({ type, values, min, max, optional }: InputColumn): unknown {
  if (values?.[0] !== undefined) return values[0]
  if (type === 'bool') return false
  if (type === 'string') return optional ? null : ''
  if (min === undefined && max === undefined) return 0
  if ((min ?? 0) <= 0 && (max ?? 0) >= 0) return 0
  return min ?? max
}

function filled(shape: number[], value: unknown): unknown {
  const [size, ...rest] = shape
  return size === undefined ? value : Array.from({ length: size < 0 ? 1 : size }, () => filled(rest, value))
}

/** A made-up row that fits the signature: the first allowed value, 0 or the nearest bound, empty text. */
export function sampleRow(signature: Signature): Row {
  return Object.fromEntries(signature.columns.map((column) => [column.name, filled(column.shape ?? [], plainSample(column))]))
}
