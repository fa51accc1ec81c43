import type { DataType } from '@fairlead/contract'
import type { ElementType } from '@fairlead/evaluator'

/** The types of a form's elements as they travel; text travels as text, not as positions. */
export const TRAVELLING: Readonly<Record<ElementType, DataType>> = {
  f32: 'float32',
  f64: 'float64',
  i64: 'int64',
  i32: 'int32',
  bool: 'bool',
  text: 'string',
}
