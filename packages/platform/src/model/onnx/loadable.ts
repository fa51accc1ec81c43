import { externalDataFiles } from './external.ts'
import { everyNode, STANDARD_DOMAIN } from './model.ts'
import { operatorName } from './operators.ts'
import { readOnnx } from './read.ts'
import { rewriteOnnx } from './rewrite.ts'

/** Operators that run graphs of their own, as often or in such a choice as values say: what one row costs tells nothing of the next. */
const BRANCHING = new Set(
  [
    ...['If', 'Loop', 'Scan', 'SequenceMap'].map((name) => [STANDARD_DOMAIN, name]),
    ...['BeamSearch', 'GreedySearch', 'Sampling', 'WhisperBeamSearch'].map((name) => ['com.microsoft', name]),
  ].map(([domain, name]) => operatorName(domain!, name!)),
)

/**
 * What the runtime loads for a stored ONNX file: the same file, with outputs that the Node binding cannot return rewritten; and the
 * files beside it that hold its weights. The same bytes (and the same object, when nothing changes) for the same file. `branching` names
 * the operators whose work depends on the values that they meet.
 */
export function loadableOnnx(bytes: Uint8Array): { bytes: Uint8Array; externalData: string[]; branching: string[] } {
  const model = readOnnx(bytes)
  const names = new Set<string>()
  for (const { node } of everyNode(model)) names.add(operatorName(node.domain, node.operator))
  return {
    bytes: rewriteOnnx(model).bytes,
    externalData: externalDataFiles(model).map((file) => file.path),
    branching: [...names].filter((name) => BRANCHING.has(name)).sort(),
  }
}
