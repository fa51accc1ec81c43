import type { Form } from '../form/form.ts'
import { requireBytes } from '../given.ts'
import { parseModel } from './parse.ts'
import { translate } from './translate.ts'

/**
 * Reads an ONNX model whose operators are all known: trees, linear models, encoders, scalers and imputers of ai.onnx.ml,
 * and the plain operators that converters put around them.
 *
 * What its inputs are in the file (rank 1 or 2, element type) they are in the form: one element of `width` for each row.
 * A `ZipMap` gives an output of probabilities whose classes are the keys.
 *
 * @throws UnreadableModel 'malformed' for what is no ONNX file or broken, with the byte or the node; 'unsupported' naming
 * every node that is not understood; 'too-large'
 */
export function readOnnx(bytes: Uint8Array): Form {
  requireBytes(bytes)
  return translate(parseModel(bytes))
}
