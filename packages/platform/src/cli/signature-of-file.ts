import { FairleadError, type InputColumn, type OutputField, type Signature, type TensorSpec } from '@fairlead/contract'
import { signatureFile, signature as signatureSchema } from '@fairlead/contract/schemas'

/**
 * A model's signature from a file alone: a whole one, as `fairlead models show --json` has it, or a signature file in which every input has a name and a type
 * and every output its tensor. Throws `signature-invalid`.
 */
export function signatureOfFile(value: unknown): Signature {
  const whole = signatureSchema.safeParse(typeof value === 'object' && value !== null && 'signature' in value ? value.signature : value)
  if (whole.success) return whole.data as Signature
  const parsed = signatureFile.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new FairleadError('signature-invalid', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'this is no signature'}`)
  }
  const { inputs = [], outputs = [] } = parsed.data
  const columns = inputs.map((input, i): InputColumn => {
    if (!('name' in input) || input.type === undefined)
      throw new FairleadError('signature-invalid', `inputs[${i}]: without a model, every input needs its name and its type`)
    const { type, tensor: _, ...rest } = input
    return { ...rest, type, tensor: input.name }
  })
  return {
    task: 'other',
    inputs: columns.map(({ name, type }): TensorSpec => ({ name, type, shape: [-1, 1] })),
    outputs: outputs.map(
      ({ tensor, classes, name }): TensorSpec => ({ name: tensor, type: 'float32', shape: name === 'probabilities' ? [-1, classes?.length ?? -1] : [-1] }),
    ),
    columns,
    fields: outputs.map(({ tensor, name = tensor, classes }): OutputField => {
      const kind = name === 'probabilities' ? 'probabilities' : classes ? 'label' : 'value'
      return { name, kind, type: kind === 'label' ? 'string' : 'float32', tensor, ...(classes ? { classes: classes.map(String) } : {}) }
    }),
  }
}
