import type { Elements, Predictor } from '@fairlead/evaluator'
import { allocate, type Tensor, type TensorData } from '../../domain/inference/index.ts'
import { TRAVELLING } from '../../model/compiled/element-types.ts'

/** One output of a session. */
export interface Answer {
  name: string
  /** Room for the answers of so many rows; of text, for positions. */
  make(rows: number): Elements
  tensor(found: Elements, rows: number): Tensor
}

/** The outputs of a predictor as tensors. */
export function answersFor({ form, outputs, shapes }: Predictor): Answer[] {
  return outputs.map(({ name, rank }, at): Answer => {
    const { type: element, width } = shapes[at]!
    const type = TRAVELLING[element]
    const room = element === 'text' ? 'int32' : type
    const dataOf = element === 'text' ? textsOf(form.texts) : (found: Elements) => found as TensorData
    return {
      name,
      make: (rows) => allocate(room, rows * width) as Elements,
      tensor: (found, rows) => ({ type, shape: rank === 1 ? [rows] : [rows, width], data: dataOf(found) }),
    }
  })
}

function textsOf(texts: readonly string[]): (found: Elements) => TensorData {
  return (found) => Array.from(found as Int32Array, (position) => texts[position] ?? '')
}
