import type { DataType, TensorSpec } from '@fairlead/contract'
import { type ElementType, encodeForm, type Form } from '@fairlead/evaluator'
import type { Artifact } from '../domain/inference/index.ts'
import { FORM_FORMAT } from '../model/compiled/form-format.ts'
import { identitySignature } from './identity-model.ts'

const ELEMENTS: Partial<Record<DataType, ElementType>> = { float32: 'f32', float64: 'f64', int64: 'i64', int32: 'i32', bool: 'bool', string: 'text' }

/** A form that copies each input `x` to an output `x_out`; of text, it knows the `texts`. */
export function identityForm(inputs: TensorSpec[], texts: string[] = []): Artifact {
  const form: Form = {
    version: 1,
    source: { format: 'onnx', version: '', objective: '' },
    inputs: inputs.map(({ name, type, shape }) => ({ name, type: ELEMENTS[type]!, width: shape[1] ?? 1 })),
    steps: [],
    outputs: inputs.map(({ name, shape }, value) => ({ name: `${name}_out`, value, role: 'other', rank: shape.length === 1 ? 1 : 2 })),
    texts,
  }
  return { format: FORM_FORMAT, bytes: encodeForm(form), signature: identitySignature(inputs) }
}
