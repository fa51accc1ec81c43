import type { OutputField, Signature, TensorSpec } from '@fairlead/contract'
import { z } from 'zod'
import type { Mlmodel } from '../mlflow/mlmodel.ts'

/** What a model was seen to answer to rows, and what it says of itself. */
export interface SeenAnswer {
  form: 'array' | 'records' | 'columns'
  outputs: TensorSpec[]
  kind?: 'classifier' | 'regressor' | undefined
  classes?: string[] | undefined
}

/** The signature with the outputs that a model was seen to answer: a classifier's label or probabilities, else values under their names. */
export function withAnswers(signature: Signature, { form, outputs, kind, classes }: SeenAnswer): Signature {
  const [only, ...others] = outputs
  const single = form === 'array' && only && others.length === 0 ? only : undefined
  const fields = single ? [fieldOf(single, { kind, classes })] : outputs.map((spec): OutputField => plainField(spec, spec.name))
  const task = kind === 'classifier' ? 'classification' : kind === 'regressor' ? 'regression' : 'other'
  return { ...signature, task, outputs, fields, answer: form }
}

function fieldOf(spec: TensorSpec, { kind, classes }: Pick<SeenAnswer, 'kind' | 'classes'>): OutputField {
  const { name, type, shape } = spec
  if (kind === 'classifier' && shape.length === 1) return { name: 'label', kind: 'label', type, tensor: name }
  if (kind === 'classifier' && shape.length === 2 && type !== 'string' && shape[1] === classes?.length)
    return { name: 'probabilities', kind: 'probabilities', type, tensor: name, classes: classes! }
  return plainField(spec, shape.length === 1 ? 'value' : 'values')
}

function plainField({ name: tensor, type, shape }: TensorSpec, name: string): OutputField {
  return shape.length === 1 ? { name, kind: 'value', type, tensor } : { name, kind: 'values', type, tensor, shape: shape.slice(1) }
}

const TYPES = { boolean: 'bool', integer: 'int32', long: 'int64', float: 'float32', double: 'float64', string: 'string', datetime: 'string' } as const
const declared = z.array(
  z.union([
    z.object({ type: z.enum(Object.keys(TYPES) as [keyof typeof TYPES]), name: z.string().nullish() }),
    z.object({ type: z.literal('tensor'), name: z.string().nullish(), 'tensor-spec': z.object({ dtype: z.string(), shape: z.array(z.number().int()) }) }),
  ]),
)
const DTYPES = z.enum(['bool', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64', 'float32', 'float64'])

/** The answers that an `MLmodel` declares, for a model that could not be seen to answer; undefined where it declares none that are served. */
export function declaredAnswers({ signature }: Mlmodel): Pick<SeenAnswer, 'form' | 'outputs'> | undefined {
  const found = declared.safeParse(parsed(signature?.outputs))
  if (!found.success || found.data.length === 0) return undefined
  const named = found.data.every(({ name }) => typeof name === 'string')
  if (!named && found.data.length > 1) return undefined
  const outputs: TensorSpec[] = []
  let form: SeenAnswer['form'] = named ? 'records' : 'array'
  for (const spec of found.data) {
    const name = spec.name ?? 'value'
    if (spec.type !== 'tensor') {
      outputs.push({ name, type: TYPES[spec.type], shape: [-1] })
      continue
    }
    const type = DTYPES.safeParse(spec['tensor-spec'].dtype)
    if (!type.success || spec['tensor-spec'].shape[0] !== -1) return undefined
    outputs.push({ name, type: type.data, shape: spec['tensor-spec'].shape })
    if (named) form = 'columns'
  }
  return { form, outputs }
}

function parsed(json: string | null | undefined): unknown {
  try {
    return JSON.parse(json ?? 'null')
  } catch {
    return undefined
  }
}
