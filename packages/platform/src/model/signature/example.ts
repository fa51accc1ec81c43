import { type DataType, type InputColumn, isFloat, isInteger, type Row, type Signature } from '@fairlead/contract'

/** Size that a variable dimension of a row's value gets in an example. */
const VARIABLE_SIZE = 3
const SYNTHETIC_TEXT = 'text'

/** A plausible row: first allowed values, the middle of ranges, else small numbers. For documentation and warm-up. */
export function syntheticExample(signature: Signature): Row {
  return Object.fromEntries(signature.columns.filter(({ parameter }) => !parameter).map((column) => [column.name, columnExample(column)]))
}

function columnExample(column: InputColumn): unknown {
  if (column.shape !== undefined && column.shape.length > 0) return nested(column.shape, scalarExample(column))
  return scalarExample(column)
}

function nested(shape: readonly number[], value: unknown): unknown {
  const [size = 0, ...rest] = shape
  const length = size === -1 ? VARIABLE_SIZE : size
  return Array.from({ length }, () => (rest.length === 0 ? value : nested(rest, value)))
}

function scalarExample(column: InputColumn): string | number | boolean {
  const [allowed] = column.values ?? []
  if (allowed !== undefined) return allowed
  if (column.type === 'string') return SYNTHETIC_TEXT
  if (column.type === 'bool') return false
  return numberExample(column.type, column.min, column.max)
}

function numberExample(type: DataType, min: number | undefined, max: number | undefined): number {
  const whole = isInteger(type)
  if (min !== undefined && max !== undefined) {
    const middle = min + (max - min) / 2
    if (!whole) return middle
    return Math.min(Math.max(Math.round(middle), Math.ceil(min)), Math.floor(max))
  }
  const plain = isFloat(type) ? 0.5 : 1
  if (min !== undefined) return Math.max(min, plain)
  return max === undefined ? plain : Math.min(max, plain)
}
