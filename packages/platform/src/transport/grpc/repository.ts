import { FairleadError } from '@fairlead/contract'
import { checkLoadParameters } from '../load-parameters.ts'
import type { Call } from './call.ts'
import {
  RepositoryIndexRequestSchema,
  RepositoryIndexResponseSchema,
  RepositoryModelLoadRequestSchema,
  RepositoryModelLoadResponseSchema,
  RepositoryModelUnloadRequestSchema,
  RepositoryModelUnloadResponseSchema,
} from './generated/open_inference_grpc_pb.ts'
import { read, write } from './messages.ts'

/** The model that a message names: in the second field, or by clients of KServe in the first. */
function named({ modelName, repositoryName }: { modelName: string; repositoryName: string }): string {
  const name = modelName === '' ? repositoryName : modelName
  if (name === '') throw new FairleadError('request-invalid', 'the message names no model')
  return name
}

/** `RepositoryIndex`. */
export function repositoryIndex(call: Call, message: Buffer): Buffer {
  const { ready } = read(RepositoryIndexRequestSchema, message)
  call.access(undefined)
  return write(RepositoryIndexResponseSchema, { models: call.world.options.repository.index({ ready }) })
}

/** `RepositoryModelLoad`. */
export async function repositoryLoad(call: Call, message: Buffer): Promise<Buffer> {
  const request = read(RepositoryModelLoadRequestSchema, message)
  const name = named(request)
  call.mayControl(name)
  checkLoadParameters(Object.keys(request.parameters))
  await call.world.options.repository.load(name)
  return write(RepositoryModelLoadResponseSchema, {})
}

/** `RepositoryModelUnload`. */
export async function repositoryUnload(call: Call, message: Buffer): Promise<Buffer> {
  const request = read(RepositoryModelUnloadRequestSchema, message)
  const name = named(request)
  call.mayControl(name)
  const stranger = Object.keys(request.parameters).find((key) => key !== 'unload_dependents')
  if (stranger !== undefined) throw new FairleadError('request-invalid', `the parameter "${stranger.slice(0, 100)}" of an unload is not known`)
  await call.world.options.repository.unload(name)
  return write(RepositoryModelUnloadResponseSchema, {})
}
