import { type DataType, INTEGER_RANGES, isFloat, isInteger } from '@fairlead/contract'

/**
 * Whether a column of one type may feed a tensor of another: the same type, any number into a floating-point tensor (rounded to
 * its precision, as training did), a whole number into a wider whole number.
 */
export function columnTypeFits(column: DataType, tensor: DataType): boolean {
  if (column === tensor) return true
  if (column === 'string' || tensor === 'string' || tensor === 'bool') return false
  if (isFloat(tensor)) return true
  if (isFloat(column)) return false
  if (column === 'bool') return true
  return isInteger(column) && isInteger(tensor) && contains(tensor, column)
}

function contains(outer: keyof typeof INTEGER_RANGES, inner: keyof typeof INTEGER_RANGES): boolean {
  return INTEGER_RANGES[outer][0] <= INTEGER_RANGES[inner][0] && INTEGER_RANGES[outer][1] >= INTEGER_RANGES[inner][1]
}

/** Whether a tensor of this type can express a missing value: NaN, or the empty text. */
export function takesMissing(tensor: DataType): boolean {
  return isFloat(tensor) || tensor === 'string'
}
