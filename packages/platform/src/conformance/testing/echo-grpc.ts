import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { decodeBinary, encodeBinary, type Value } from '../datatypes.ts'
import { allBytes, bytes, type Field, fieldsOf, integers, number, readVarint, text, varint } from '../grpc/wire.ts'
import { NO_MODEL } from '../subject.ts'
import type { Tensor, TensorSpec } from '../tensors.ts'
import { Unmet } from '../unmet.ts'
import { answer, demand, type EchoModel, fromBytes, Refusal, type Sent } from './echo-model.ts'

/** What a call is answered. */
export interface GrpcAnswered {
  status: number
  message: Buffer
}

/** Spoils an answer. */
export type GrpcWrong = (method: string, right: GrpcAnswered, request: Buffer) => GrpcAnswered

/** Starts the echo model over gRPC. */
export async function echoGrpc(model: EchoModel, wrong: GrpcWrong = (_method, right) => right) {
  const server = createServer()
  server.on('stream', async (stream, headers) => {
    const chunks: Buffer[] = []
    stream.on('error', () => {})
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    const request = Buffer.concat(chunks).subarray(5)
    const method = String(headers[':path']).replace(/^\/(inference\.GRPCInferenceService\/)?/, '')
    const { status, message } = wrong(method, respond(model, method, request), request)
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(status), 'grpc-message': status === 0 ? '' : 'refused' }))
    const prefix = Buffer.alloc(5)
    prefix.writeUInt32BE(message.length, 1)
    stream.end(status === 0 ? Buffer.concat([prefix, message]) : undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  }
}

function respond(model: EchoModel, method: string, request: Buffer): GrpcAnswered {
  try {
    return { status: 0, message: route(model, method, request) }
  } catch (error) {
    if (error instanceof Refusal) return { status: error.code, message: Buffer.alloc(0) }
    if (error instanceof Unmet) return { status: 3, message: Buffer.alloc(0) }
    throw error
  }
}

function route(model: EchoModel, method: string, request: Buffer): Buffer {
  const fields = fieldsOf(request)
  const known = (name: string) => {
    if (name !== 'echo') throw new Refusal(`unknown model ${name}`, 404, 5)
  }
  const routes: Record<string, () => Buffer> = {
    ServerLive: () => number(1, 1),
    ServerReady: () => number(1, 1),
    ModelReady: () => {
      known(text(fields, 1))
      return number(1, 1)
    },
    ServerMetadata: () => Buffer.concat([bytes(1, 'echo-server'), bytes(2, '1'), ...EXTENSIONS.map((one) => bytes(3, one))]),
    ModelMetadata: () => {
      known(text(fields, 1))
      return Buffer.concat([
        bytes(1, 'echo'),
        bytes(2, '1'),
        bytes(3, 'echo'),
        ...model.inputs.map((one) => bytes(4, specOf(one))),
        ...model.outputs.map((one) => bytes(5, specOf(one))),
      ])
    },
    ModelInfer: () => infer(model, fields, known),
    RepositoryIndex: () => bytes(1, bytes(1, 'echo')),
    ModelStatistics: () => bytes(1, bytes(1, 'echo')),
    ModelConfig: () => bytes(1, bytes(1, 'echo')),
    RepositoryModelLoad: () => {
      if (text(fields, 2) === NO_MODEL) throw new Refusal('failed to load')
      return Buffer.alloc(0)
    },
    'grpc.health.v1.Health/Check': () => number(1, 1),
  }
  const found = routes[method]
  if (!found) throw new Refusal(`no method ${method}`, 404, 12)
  return found()
}

const EXTENSIONS = ['binary_tensor_data', 'model_repository', 'statistics', 'model_configuration']

function specOf({ name, datatype, shape }: TensorSpec): Buffer {
  return Buffer.concat([bytes(1, name), bytes(2, datatype), ...shape.map((size) => number(3, size))])
}

function infer(model: EchoModel, fields: Field[], known: (name: string) => void): Buffer {
  known(text(fields, 1))
  if (text(fields, 2) !== '' && text(fields, 2) !== '1') throw new Refusal('unknown version', 404, 5)
  const inputs = allBytes(fields, 5).map(fieldsOf)
  const raw = allBytes(fields, 7)
  if (raw.length > 0) {
    demand(raw.length === inputs.length, 'each input needs raw contents')
    demand(
      inputs.every((input) => allBytes(input, 5).length === 0),
      'contents field must not be specified when using raw_input_contents',
    )
  }
  const sent = inputs.map((input, i): Sent => {
    const datatype = text(input, 2)
    const values = () => (raw[i] ? fromBytes(raw[i], datatype) : typed(allBytes(input, 5).at(-1) ?? Buffer.alloc(0), datatype))
    return { name: text(input, 1), datatype, shape: integers(input, 3).map((size) => Number(BigInt.asIntN(64, size))), values }
  })
  const wanted = allBytes(fields, 6).map((one) => text(fieldsOf(one), 1))
  const tensors = answer(model, sent, wanted)
  const outputs = tensors.map((tensor) => bytes(5, outputOf(tensor)))
  const contents = tensors.map(({ datatype, values }) => bytes(6, encodeBinary(datatype, values)))
  return Buffer.concat([bytes(1, 'echo'), bytes(2, '1'), bytes(3, text(fields, 3)), ...outputs, ...contents])
}

function outputOf({ name, datatype, shape }: Tensor): Buffer {
  return Buffer.concat([bytes(1, name), bytes(2, datatype), bytes(3, Buffer.concat(shape.map(varint)))])
}

/** Values of typed contents; which field they stand in follows from the datatype. */
function typed(message: Uint8Array, datatype: string): Value[] {
  const fields = fieldsOf(message)
  const contents = fields.flatMap(({ value }) => (typeof value === 'bigint' ? [] : [value]))
  if (datatype === 'BYTES') return contents.map((one) => Buffer.from(one).toString())
  const all = Buffer.concat(contents)
  if (datatype.startsWith('FP')) return decodeBinary(datatype, all) ?? []
  const cursor = { bytes: all, at: 0 }
  const values: bigint[] = []
  while (cursor.at < all.length) values.push(readVarint(cursor))
  if (datatype === 'BOOL') return values.map((value) => value !== 0n)
  return values.map((value) => (datatype.startsWith('U') ? value : BigInt.asIntN(64, value)))
}
