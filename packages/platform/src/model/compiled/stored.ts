import { FairleadError } from '@fairlead/contract'
import type { ReadingOptions } from '@fairlead/contract/control'
import { encodeForm, type Form } from '@fairlead/evaluator'
import type { ModelKind } from '../kind.ts'
import { readForm } from './read.ts'

/** The form by which a stored model file is run. Throws as `readForm`. */
export function storedForm(kind: ModelKind, bytes: Uint8Array, reading: { file: string; reading?: ReadingOptions | undefined }): Form {
  if (kind === 'onnx') throw new FairleadError('model-part-unsupported', `${reading.file} is not read into a form`)
  return readForm(kind, bytes, reading)
}

/** That form, encoded. Throws as `readForm`. */
export function encodedForm(kind: ModelKind, bytes: Uint8Array, reading: { file: string; reading?: ReadingOptions | undefined }): Uint8Array {
  return encodeForm(storedForm(kind, bytes, reading))
}
