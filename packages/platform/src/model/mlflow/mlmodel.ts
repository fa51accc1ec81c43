import { FairleadError } from '@fairlead/contract'
import { z } from 'zod'
import { readYaml, YamlFault } from '../../kernel/yaml.ts'

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String).nullish()
const options = z.record(z.string(), z.unknown()).nullish()

const mlmodel = z.object({
  flavors: z.record(z.string(), options),
  signature: z.object({ inputs: z.string().nullish(), outputs: z.string().nullish(), params: z.string().nullish() }).nullish(),
  is_signature_from_type_hint: z.boolean().nullish(),
  type_hint_from_example: z.boolean().nullish(),
  saved_input_example_info: z.record(z.string(), z.unknown()).nullish(),
  run_id: text,
  model_id: text,
  model_uuid: text,
  mlflow_version: text,
  utc_time_created: text,
  metadata: options,
})

/** The keys of an `MLmodel` file that matter here. */
export type Mlmodel = z.infer<typeof mlmodel>

const columnSpec = z.object({ type: z.string(), name: z.string().nullish(), required: z.boolean().nullish() })
const tensorSpec = z.object({
  type: z.literal('tensor'),
  name: z.string().nullish(),
  'tensor-spec': z.object({ dtype: z.string(), shape: z.array(z.number().int()) }),
})

/** A column of an MLflow signature. */
export type ColumnSpec = z.infer<typeof columnSpec>
/** A tensor of an MLflow signature. */
export type TensorSpec = z.infer<typeof tensorSpec>

/**
 * Parses the text of an `MLmodel` file (MLflow's model format, YAML).
 * Throws FairleadError `model-file-invalid` naming the line or key that is wrong.
 */
export function parseMlmodel(bytes: Uint8Array, path: string): Mlmodel {
  const result = mlmodel.safeParse(readDocument(bytes, path))
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new FairleadError('model-file-invalid', `${path}: ${issue?.path.join('.') || 'the document'}: ${issue?.message ?? 'has the wrong form'}`)
}

function readDocument(bytes: Uint8Array, path: string): unknown {
  const text = decode(bytes, path)
  try {
    return readYaml(text, { schema: 'core' }).value
  } catch (cause) {
    if (!(cause instanceof YamlFault)) throw cause
    throw new FairleadError('model-file-invalid', `${path} is not valid YAML${cause.place ? ` (line ${cause.place.line})` : ''}: ${cause.message}`, { cause })
  }
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new FairleadError('model-file-invalid', `${path} is not valid UTF-8`)
  }
}

/**
 * The input specs of an MLflow signature, which `MLmodel` keeps as JSON in a text: columns or tensors, never both.
 * Throws FairleadError `model-file-invalid` when they cannot be read.
 */
export function signatureInputs(model: Mlmodel, path: string): { columns: ColumnSpec[] } | { tensors: TensorSpec[] } | undefined {
  const json = model.signature?.inputs
  if (json === null || json === undefined) return undefined
  const value = parsed(json, `${path}: signature.inputs`)
  const tensors = z.array(tensorSpec).nonempty().safeParse(value)
  if (tensors.success) return { tensors: tensors.data }
  const columns = z.array(columnSpec).safeParse(value)
  if (columns.success && columns.data.every((spec) => spec.type !== 'tensor')) return { columns: columns.data }
  throw new FairleadError('model-file-invalid', `${path}: signature.inputs is neither a list of columns nor of tensors`)
}

const paramSpec = z.object({
  name: z.string(),
  type: z.string().nullish(),
  // the name of the key in files of the first versions that had parameters
  dtype: z.string().nullish(),
  default: z.unknown(),
  shape: z.array(z.number()).nullish(),
})

/** The parameters of an MLflow signature. Throws FairleadError `model-file-invalid` when they cannot be read. */
export function signatureParams(model: Mlmodel, path: string): { name: string; type: string; default: unknown; list: boolean }[] {
  const json = model.signature?.params
  if (json === null || json === undefined) return []
  const params = z
    .array(paramSpec)
    .nullable()
    .safeParse(parsed(json, `${path}: signature.params`))
  if (!params.success) throw new FairleadError('model-file-invalid', `${path}: signature.params is no list of parameters`)
  return (params.data ?? []).map(({ name, type, dtype, default: fallback, shape }) => ({ name, type: type ?? dtype ?? '', default: fallback, list: !!shape }))
}

function parsed(json: string, what: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw new FairleadError('model-file-invalid', `${what} is not valid JSON`)
  }
}

/** A text option of a flavour. */
export function textOption(model: Mlmodel, flavor: string, key: string): string | undefined {
  const value = model.flavors[flavor]?.[key]
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined
}
