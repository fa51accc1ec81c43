import { createRegistry, type DescFile, type Registry, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { file_grpc_health_v1_health } from './generated/grpc/health/v1/health_pb.ts'
import { file_grpc_reflection_v1_reflection, type ServerReflectionRequest } from './generated/grpc/reflection/v1/reflection_pb.ts'
import { file_grpc_reflection_v1alpha_reflection } from './generated/grpc/reflection/v1alpha/reflection_pb.ts'
import { file_open_inference_grpc } from './generated/open_inference_grpc_pb.ts'

const FILES: readonly DescFile[] = [
  file_open_inference_grpc,
  file_grpc_health_v1_health,
  file_grpc_reflection_v1_reflection,
  file_grpc_reflection_v1alpha_reflection,
]
const REGISTRY: Registry = createRegistry(...FILES)

/** Full names of the services that are there. */
export const SERVICES: readonly string[] = FILES.flatMap((file) => file.services.map(({ typeName }) => typeName))

const NOT_FOUND = 5
const INVALID_ARGUMENT = 3

function file(found: DescFile | undefined, what: string) {
  if (!found) return failure(NOT_FOUND, `there is no ${what.slice(0, 200)}`)
  // none of the files needs another
  return { case: 'fileDescriptorResponse' as const, value: { fileDescriptorProto: [toBinary(FileDescriptorProtoSchema, found.proto)] } }
}

function failure(errorCode: number, errorMessage: string) {
  return { case: 'errorResponse' as const, value: { errorCode, errorMessage } }
}

/** The file in which a message, enum, service, method, field or value of this full name stands. */
function fileOf(symbol: string): DescFile | undefined {
  // a method, a field or a value stands in what is named before its last dot
  const found = REGISTRY.get(symbol) ?? REGISTRY.get(symbol.slice(0, Math.max(0, symbol.lastIndexOf('.'))))
  if (!found) return undefined
  if (found.typeName === symbol) return found.file
  const member = symbol.slice(symbol.lastIndexOf('.') + 1)
  const members = found.kind === 'service' ? found.methods : found.kind === 'message' ? [...found.fields, ...found.oneofs] : []
  return members.some(({ name }) => name === member) ? found.file : undefined
}

/** The answer to one question of server reflection (grpc.reflection.v1); what is not there is an answer, not an error. */
export function reflect({ messageRequest }: ServerReflectionRequest) {
  switch (messageRequest.case) {
    case 'listServices':
      return { case: 'listServicesResponse' as const, value: { service: SERVICES.map((name) => ({ name })) } }
    case 'fileByFilename':
      return file(
        FILES.find(({ proto }) => proto.name === messageRequest.value),
        `file "${messageRequest.value}"`,
      )
    case 'fileContainingSymbol':
      return file(fileOf(messageRequest.value), `symbol "${messageRequest.value}"`)
    case 'fileContainingExtension':
      return failure(NOT_FOUND, 'there are no extensions')
    case 'allExtensionNumbersOfType':
      return REGISTRY.getMessage(messageRequest.value)
        ? { case: 'allExtensionNumbersResponse' as const, value: { baseTypeName: messageRequest.value, extensionNumber: [] } }
        : failure(NOT_FOUND, `there is no message "${messageRequest.value.slice(0, 200)}"`)
    default:
      return failure(INVALID_ARGUMENT, 'the question is of no kind that is known')
  }
}
