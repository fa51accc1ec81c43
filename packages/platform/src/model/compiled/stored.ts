import { FairleadError } from '@fairlead/contract'
import type { ReadingOptions } from '@fairlead/contract/control'
import { encodeForm, type Form, readOnnx } from '@fairlead/evaluator'
import type { ModelKind } from '../kind.ts'
import { readForm, told } from './read.ts'

export { encodeForm } from '@fairlead/evaluator'

/** Largest ONNX file that is looked into for a form: trees and linear models are smaller. */
const ONNX_FORM_LIMIT = 256 * 1024 * 1024

/**
 * The form by which a stored model file is run. Throws as `readForm`; for ONNX `model-part-unsupported` naming the nodes that only
 * ONNX Runtime runs.
 */
export function storedForm(kind: ModelKind, bytes: Uint8Array, { file, reading }: { file: string; reading?: ReadingOptions | undefined }): Form {
  if (kind !== 'onnx') return readForm(kind, bytes, { file, reading })
  if (bytes.length > ONNX_FORM_LIMIT) throw new FairleadError('model-part-unsupported', `${file} has more than ${ONNX_FORM_LIMIT} bytes`)
  try {
    return readOnnx(bytes)
  } catch (cause) {
    throw told(cause, file)
  }
}

/** That form, encoded. Throws as `storedForm`. */
export function encodedForm(kind: ModelKind, bytes: Uint8Array, reading: { file: string; reading?: ReadingOptions | undefined }): Uint8Array {
  return encodeForm(storedForm(kind, bytes, reading))
}
