import { FairleadError, type Signature, type SignatureFile } from '@fairlead/contract'
import { signatureFile } from '@fairlead/contract/schemas'
import { readYaml, YamlFault } from '../../kernel/yaml.ts'
import { Complaints } from './complaints.ts'
import { mergeInputs } from './merge-inputs.ts'
import { mergeOutputs } from './merge-outputs.ts'
import { nearest } from './suggest.ts'

const KEYS = ['inputs', 'outputs', 'name', 'type', 'tensor', 'min', 'max', 'values', 'unit', 'description', 'optional', 'columns', 'classes']

/**
 * Parses a user's signature file (YAML, of which JSON is a part) by the contract's `signatureFile`.
 * Throws FairleadError `signature-invalid` with the path of every wrong place and suggestions for mistyped keys.
 */
export function parseSignatureFile(text: string): SignatureFile {
  const result = signatureFile.safeParse(parseYaml(text))
  if (result.success) return result.data
  const complaints = new Complaints()
  for (const issue of result.error.issues) explain(issue, [], complaints)
  complaints.throwIfAny()
  throw result.error
}

function parseYaml(text: string): unknown {
  try {
    return readYaml(text, { schema: 'core' }).value ?? {}
  } catch (cause) {
    if (!(cause instanceof YamlFault)) throw cause
    const place = cause.place ? ` (line ${cause.place.line}, column ${cause.place.column})` : ''
    throw new FairleadError('signature-invalid', `the signature file is not valid YAML${place}: ${cause.message}`, { cause })
  }
}

interface Issue {
  code?: string | undefined
  path: readonly PropertyKey[]
  message: string
  keys?: readonly string[]
  errors?: readonly (readonly Issue[])[]
}

function explain(issue: Issue, base: readonly PropertyKey[], complaints: Complaints): void {
  const path = [...base, ...issue.path]
  if (issue.code === 'invalid_union' && issue.errors) {
    // The branch that fits best complains least about keys it does not know.
    const unknown = (branch: readonly Issue[]) => branch.reduce((count, one) => count + (one.keys?.length ?? 0), 0)
    const [best] = [...issue.errors].sort((a, b) => unknown(a) - unknown(b) || a.length - b.length)
    for (const inner of best ?? []) explain(inner, path, complaints)
    if (best?.length) return
  }
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys ?? []) {
      const near = nearest(key, KEYS)
      complaints.add(pathText([...path, key]), `there is no such key${near === undefined ? '' : `; did you mean "${near}"?`}`)
    }
    return
  }
  complaints.add(pathText(path), issue.message)
}

function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  return text.replace(/^\./, '') || 'signature'
}

/**
 * Lays a user's signature file over the derived signature: names for the columns of a wide tensor, types, ranges, allowed values,
 * units, optional columns, class labels, names of answer fields.
 *
 * A column may be `optional` where its tensor can express a missing value: floating-point tensors take null as NaN, text tensors as
 * the empty text. Elsewhere `optional` is refused.
 * Throws FairleadError `signature-invalid` naming every contradiction with the model.
 */
export function applySignatureFile(derived: Signature, file: SignatureFile): Signature {
  const complaints = new Complaints()
  const columns = mergeInputs(derived, file.inputs ?? [], complaints)
  const answer = mergeOutputs(derived, file.outputs ?? [], complaints)
  complaints.throwIfAny()
  return { ...derived, columns, ...answer }
}
