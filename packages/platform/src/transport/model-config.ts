import { type DataType, OIP_TYPES, type TensorSpec } from '@fairlead/contract'
import { PRIORITY_LEVELS, type ReleasePlan, ServingRelease } from '../domain/inference/index.ts'
import { oipPlatform } from './oip-platform.ts'

/** A tensor of a model configuration. `dims` are without the dimension of the rows where `max_batch_size` is above 0. */
interface ConfiguredTensor {
  name: string
  data_type: ConfiguredType
  dims: number[]
  /** Rows of one value have no dimension left, and `dims` may not be empty. */
  reshape?: { shape: number[] }
  /** Of inputs. */
  optional?: boolean
}

/** A model configuration as Triton's extension has it, as far as it says something here. */
export interface ModelConfig {
  name: string
  platform: string
  backend: string
  /** Most rows of one request; 0 where rows cannot be joined. */
  max_batch_size: number
  input: ConfiguredTensor[]
  output: ConfiguredTensor[]
  /** Where rows of several requests share runs. */
  dynamic_batching?: {
    preferred_batch_size: number[]
    max_queue_delay_microseconds: number
    preserve_ordering: boolean
    priority_levels: number
    default_priority_level: number
  }
  instance_group: { name: string; kind: 'KIND_CPU'; count: number }[]
  model_transaction_policy: { decoupled: boolean }
  response_cache: { enable: boolean }
  parameters: Record<string, { string_value: string }>
}

type ConfiguredType = `TYPE_${string}`

function typeOf(type: DataType): ConfiguredType {
  return type === 'string' ? 'TYPE_STRING' : `TYPE_${OIP_TYPES[type]}`
}

function tensorOf({ name, type, shape }: TensorSpec, batched: boolean): ConfiguredTensor {
  const dims = batched ? shape.slice(1) : [...shape]
  const data_type = typeOf(type)
  return dims.length > 0 ? { name, data_type, dims } : { name, data_type, dims: [1], reshape: { shape: [] } }
}

/** The configuration of a release; of one that was never in memory nobody knows its best batch, or where it runs. */
export function modelConfig(plan: ReleasePlan): ModelConfig {
  const { release, tensors } = plan
  const execution = plan instanceof ServingRelease ? plan.execution : release.execution
  const { deployment, model, settings, digest } = release
  const batched = execution?.joinable !== false && [...tensors.inputs, ...tensors.outputs].every(({ shape }) => shape[0] === -1)
  const columns = new Map(release.signature.columns.map(({ name, optional }) => [name, optional === true]))
  return {
    name: deployment,
    platform: oipPlatform(release),
    backend: execution?.runtime === 'compiled' ? 'fairlead' : 'onnxruntime',
    max_batch_size: batched ? settings.maxRows : 0,
    input: tensors.inputs.map((spec) => ({
      ...tensorOf(spec, batched),
      ...(tensors.byColumn && columns.get(spec.name) ? { optional: true } : {}),
    })),
    output: tensors.outputs.map((spec) => tensorOf(spec, batched)),
    ...(batched
      ? {
          dynamic_batching: {
            preferred_batch_size: execution ? [execution.tile] : [],
            max_queue_delay_microseconds: 0,
            preserve_ordering: false,
            priority_levels: PRIORITY_LEVELS,
            default_priority_level: settings.priority,
          },
        }
      : {}),
    instance_group: [{ name: `${deployment}_0`, kind: 'KIND_CPU', count: Math.max(1, execution?.workers ?? 1) }],
    model_transaction_policy: { decoupled: false },
    response_cache: { enable: false },
    parameters: {
      digest: { string_value: digest },
      model: { string_value: model.name },
      model_version: { string_value: String(model.version) },
      model_digest: { string_value: model.digest },
      ...(execution ? { runtime: { string_value: execution.runtime }, execution: { string_value: execution.mode } } : {}),
    },
  }
}
