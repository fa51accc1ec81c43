import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromBinary, type MessageInitShape } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { frame } from './framing.ts'
import { ServerReflectionRequestSchema, ServerReflectionResponseSchema } from './generated/grpc/reflection/v1/reflection_pb.ts'
import { encode, testGrpc } from './testing/serving.ts'

const PATHS = ['v1', 'v1alpha'].map((version) => `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`)

type Question = MessageInitShape<typeof ServerReflectionRequestSchema>['messageRequest'] & object

async function asked(questions: Question[], path = PATHS[0]!) {
  await using port = await testGrpc()
  const pieces = questions.map((messageRequest) => frame(encode(ServerReflectionRequestSchema, { host: 'h', messageRequest })))
  const answer = await port.call(path, undefined, { pieces: [Buffer.concat(pieces)] })
  assert.equal(answer.status, 0, answer.message)
  return answer.messages.map((bytes) => fromBinary(ServerReflectionResponseSchema, bytes))
}

const fileOf = ([answer]: Awaited<ReturnType<typeof asked>>) => {
  const { messageResponse } = answer!
  assert.ok(messageResponse.case === 'fileDescriptorResponse', messageResponse.case)
  return fromBinary(FileDescriptorProtoSchema, messageResponse.value.fileDescriptorProto[0]!)
}

test('both versions list the services and answer each question in turn', async () => {
  for (const path of PATHS) {
    const [list, file, none, empty] = await asked(
      [
        { case: 'listServices', value: '' },
        { case: 'fileContainingSymbol', value: 'inference.GRPCInferenceService.ModelInfer' },
        { case: 'fileContainingSymbol', value: 'inference.Nothing' },
        { case: undefined },
      ],
      path,
    )
    assert.ok(list?.messageResponse.case === 'listServicesResponse')
    assert.deepEqual(
      list.messageResponse.value.service.map(({ name }) => name),
      ['inference.GRPCInferenceService', 'grpc.health.v1.Health', 'grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'],
    )
    assert.deepEqual([list.validHost, list.originalRequest?.messageRequest.case], ['h', 'listServices'])
    assert.equal(fileOf([file!]).name, 'open_inference_grpc.proto')
    assert.ok(none?.messageResponse.case === 'errorResponse' && none.messageResponse.value.errorCode === 5)
    assert.ok(empty?.messageResponse.case === 'errorResponse' && empty.messageResponse.value.errorCode === 3)
  }
})

test('every kind of symbol is found, and what only looks like one is not', async () => {
  for (const value of [
    'inference.ModelInferRequest',
    'inference.ModelInferRequest.InferInputTensor',
    'inference.ModelInferRequest.id',
    'inference.GRPCInferenceService',
  ]) {
    assert.equal(fileOf(await asked([{ case: 'fileContainingSymbol', value }])).package, 'inference', value)
  }
  assert.equal(fileOf(await asked([{ case: 'fileContainingSymbol', value: 'grpc.health.v1.HealthCheckResponse.ServingStatus' }])).package, 'grpc.health.v1')
  for (const value of ['', '.', 'inference', 'inference.ModelInferRequest.nothing', '.inference.ModelInferRequest', '__proto__', 'constructor']) {
    const [answer] = await asked([{ case: 'fileContainingSymbol', value }])
    assert.equal(answer?.messageResponse.case, 'errorResponse', value)
  }
  const names = ['open_inference_grpc.proto', 'grpc/health/v1/health.proto', 'grpc/reflection/v1/reflection.proto', 'grpc/reflection/v1alpha/reflection.proto']
  for (const value of names) assert.equal(fileOf(await asked([{ case: 'fileByFilename', value }])).name, value)
  const [extension, numbers] = await asked([
    { case: 'fileContainingExtension', value: { containingType: 'inference.ModelInferRequest', extensionNumber: 1 } },
    { case: 'allExtensionNumbersOfType', value: 'inference.ModelInferRequest' },
  ])
  assert.deepEqual([extension?.messageResponse.case, numbers?.messageResponse.case], ['errorResponse', 'allExtensionNumbersResponse'])
})

test('the generated code is that of the .proto files', async () => {
  const folder = new URL('./proto/', import.meta.url)
  const files = (readdirSync(folder, { recursive: true }) as string[]).filter((name) => name.endsWith('.proto'))
  assert.equal(files.length, 4)
  for (const name of files) {
    const text = readFileSync(new URL(name, folder), 'utf8')
    const descriptor = fileOf(await asked([{ case: 'fileByFilename', value: name }]))
    const messages = descriptor.messageType.flatMap((message) => [message, ...message.nestedType.filter(({ options }) => !options?.mapEntry)])
    const known = messages.flatMap((message) => message.field.map((field) => `${field.name} = ${field.number};`))
    const written = text.match(/\b\w+ = \d+;/g)!.filter((entry) => !/^[A-Z][A-Z0-9_]* = /.test(entry))
    assert.deepEqual(known.toSorted(), written.toSorted(), name)
    const methods = descriptor.service.flatMap((service) => service.method.map((method) => method.name))
    assert.deepEqual(
      methods,
      [...text.matchAll(/rpc (\w+)/g)].map(([, method]) => method),
    )
  }
})

test('a question that is malformed ends the dialogue, not the connection', async () => {
  await using port = await testGrpc()
  const answer = await port.call(PATHS[0]!, undefined, { pieces: [frame(Buffer.from([0x0a, 0xff]))] })
  assert.equal(answer.status, 3)
  assert.equal((await port.call(PATHS[0]!, undefined, { pieces: [new Uint8Array()] })).status, 0)
})
