import { externalDataFiles } from './external.ts'
import { readOnnx } from './read.ts'
import { rewriteOnnx } from './rewrite.ts'

/**
 * What the runtime loads for a stored ONNX file: the same file, with outputs that the Node binding cannot return rewritten; and the
 * files beside it that hold its weights. The same bytes (and the same object, when nothing changes) for the same file.
 */
export function loadableOnnx(bytes: Uint8Array): { bytes: Uint8Array; externalData: string[] } {
  const model = readOnnx(bytes)
  return { bytes: rewriteOnnx(model).bytes, externalData: externalDataFiles(model).map((file) => file.path) }
}
