import { create, type DescMessage, fromBinary, type MessageInitShape, type MessageShape, toBinary } from '@bufbuild/protobuf'
import { FairleadError, OIP_TYPES, type TensorSpec } from '@fairlead/contract'
import { OIP_EXTENSIONS } from '../oip-extensions.ts'
import type { Call } from './call.ts'
import { frame } from './framing.ts'
import { HealthCheckRequestSchema, HealthCheckResponse_ServingStatus, HealthCheckResponseSchema } from './generated/grpc/health/v1/health_pb.ts'
import { ServerReflectionRequestSchema, ServerReflectionResponseSchema } from './generated/grpc/reflection/v1/reflection_pb.ts'
import {
  ModelMetadataRequestSchema,
  ModelMetadataResponseSchema,
  ModelReadyRequestSchema,
  ModelReadyResponseSchema,
  ServerLiveResponseSchema,
  ServerMetadataResponseSchema,
  ServerReadyResponseSchema,
} from './generated/open_inference_grpc_pb.ts'
import { watchHealth } from './health.ts'
import { isReady } from './readiness.ts'
import { reflect, SERVICES } from './reflection.ts'
import { releaseNumber } from './release-number.ts'

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = HealthCheckResponse_ServingStatus

function read<D extends DescMessage>(schema: D, bytes: Buffer): MessageShape<D> {
  try {
    return fromBinary(schema, bytes)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new FairleadError('request-invalid', `the protobuf message is malformed: ${why}`)
  }
}

function write<D extends DescMessage>(schema: D, init: MessageInitShape<D>): Buffer {
  return frame(toBinary(schema, create(schema, init)))
}

/** How it stands with a service; `undefined` when there is none of that name. */
function servingStatus(call: Call, service: string): typeof SERVING | typeof NOT_SERVING | undefined {
  if (service !== '' && !SERVICES.includes(service)) return undefined
  return isReady(call.world.options) ? SERVING : NOT_SERVING
}

function modelReady(call: Call, message: Buffer): Buffer {
  const { name, version } = read(ModelReadyRequestSchema, message)
  try {
    call.world.options.inference.resolve(name, releaseNumber(name, version))
    return write(ModelReadyResponseSchema, { ready: true })
  } catch (error) {
    if (!(error instanceof FairleadError) || (error.code !== 'release-not-ready' && error.code !== 'release-not-loaded')) throw error
    return write(ModelReadyResponseSchema, { ready: false })
  }
}

function metadataOf({ name, type, shape }: TensorSpec) {
  return { name, datatype: OIP_TYPES[type], shape: shape.map(BigInt) }
}

function modelMetadata(call: Call, message: Buffer): Buffer {
  const { name, version } = read(ModelMetadataRequestSchema, message)
  const release = releaseNumber(name, version)
  call.access(name, release)
  const { inference } = call.world.options
  const { tensors } = inference.resolve(name, release)
  const { releases, current } = inference.describe(name)
  const ready = releases.filter(({ state, number }) => state === 'ready' || number === current)
  return write(ModelMetadataResponseSchema, {
    name,
    versions: ready.map(({ number }) => String(number)),
    platform: 'onnxruntime_onnx',
    inputs: tensors.inputs.map(metadataOf),
    outputs: tensors.outputs.map(metadataOf),
  })
}

function healthCheck(call: Call, message: Buffer): Buffer {
  const { service } = read(HealthCheckRequestSchema, message)
  const status = servingStatus(call, service)
  // a service is a path of this interface, and that is what there is not
  if (status === undefined) throw new FairleadError('path-unknown', `there is no service "${service.slice(0, 200)}"`)
  return write(HealthCheckResponseSchema, { status })
}

function healthWatch(call: Call, message: Buffer): undefined {
  const { service } = read(HealthCheckRequestSchema, message)
  watchHealth(
    call,
    () => servingStatus(call, service) ?? SERVICE_UNKNOWN,
    (status) => write(HealthCheckResponseSchema, { status }),
  )
}

/** The methods whose messages are small and rare, read and written by the protobuf runtime. */
export const SMALL_METHODS = {
  serverLive: () => write(ServerLiveResponseSchema, { live: true }),
  serverReady: (call: Call) => write(ServerReadyResponseSchema, { ready: isReady(call.world.options) }),
  serverMetadata: (call: Call) =>
    write(ServerMetadataResponseSchema, { name: 'fairlead', version: call.world.options.version, extensions: [...OIP_EXTENSIONS.grpc] }),
  modelReady,
  modelMetadata,
  healthCheck,
  healthWatch,
  reflection: (_call: Call, message: Buffer) => {
    const question = read(ServerReflectionRequestSchema, message)
    return write(ServerReflectionResponseSchema, { validHost: question.host, originalRequest: question, messageResponse: reflect(question) })
  },
} satisfies Record<string, (call: Call, message: Buffer) => Buffer | undefined>
