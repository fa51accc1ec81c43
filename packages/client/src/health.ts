import type { Call, RequestOptions } from './call.ts'
import type { Datatype } from './datatypes.ts'
import { PredictionError } from './error.ts'
import { objectOf } from './json.ts'

/** A tensor as a deployment takes or gives it; -1 is a size that varies. */
export interface TensorMetadata {
  name: string
  datatype: Datatype
  shape: number[]
}

/** What a deployment says of itself by the Open Inference Protocol. */
export interface Metadata {
  name: string
  /** Numbers of the releases that are loaded. */
  versions?: string[]
  platform: string
  inputs: TensorMetadata[]
  outputs: TensorMetadata[]
}

function pathOf(deployment: string, { release }: RequestOptions): string {
  return `/v2/models/${encodeURIComponent(deployment)}${release === undefined ? '' : `/versions/${release}`}`
}

/** Whether the platform, or one deployment, would answer now. Throws what is no answer to that: unreachable, unknown, not allowed. */
export async function ready(call: Call, deployment: string | undefined, own: RequestOptions): Promise<boolean> {
  const path = deployment === undefined ? '/v2/health/ready' : `${pathOf(deployment, own)}/ready`
  try {
    await call({ path }, { retries: 0, ...own })
    return true
  } catch (error) {
    if (error instanceof PredictionError && (error.status === 400 || error.status === 503)) return false
    throw error
  }
}

/** Tensors and releases of a deployment. */
export async function metadata(call: Call, deployment: string, own: RequestOptions): Promise<Metadata> {
  const { url, bytes } = await call({ path: pathOf(deployment, own) }, own)
  return objectOf(url, bytes) as unknown as Metadata
}
