import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import { create, type DescMessage, fromBinary, type MessageInitShape, type MessageShape, toBinary } from '@bufbuild/protobuf'
import type { ServableRelease } from '../../../domain/inference/index.ts'
import { fakeInference, fakeRepository, serveReleases } from '../../../testing/fake-inference.ts'
import { fakeModel } from '../../../testing/fake-model.ts'
import { frame } from '../framing.ts'
import type { ModelInferRequestSchema } from '../generated/open_inference_grpc_pb.ts'
import { type GrpcServing, type ServeGrpcOptions, serveGrpc } from '../index.ts'

/** What came back from a call. */
export interface Answer {
  headers: IncomingHttpHeaders
  /** `grpc-status` and `grpc-message` decoded, wherever they stood. */
  status: number
  message: string
  trailers: IncomingHttpHeaders
  messages: Buffer[]
  /** HTTP/2 error code with which the stream was reset. */
  reset: number
}

/** A request for one row of the fake model. */
export const ONE_ROW: MessageInitShape<typeof ModelInferRequestSchema> = {
  modelName: 'credit',
  inputs: [
    { name: 'age', datatype: 'INT64', shape: [1n, 1n], contents: { int64Contents: [35n] } },
    { name: 'purpose', datatype: 'BYTES', shape: [1n, 1n], contents: { bytesContents: [Buffer.from('car')] } },
    { name: 'figures', datatype: 'FP32', shape: [1n, 2n], contents: { fp32Contents: [2500, 12] } },
  ],
}

const INFERENCE = '/inference.GRPCInferenceService/'

/** Encodes a message the way the protobuf runtime does, which is not how the port reads the hot one. */
export function encode<D extends DescMessage>(schema: D, init: MessageInitShape<D>): Uint8Array {
  return toBinary(schema, create(schema, init))
}

export interface CallOptions {
  headers?: OutgoingHttpHeaders
  /** Bytes to send instead of a framed message; each piece in a frame of its own. */
  pieces?: readonly Uint8Array[]
}

/** A gRPC port over fake models, on a free port of the loopback, and a connection to it. */
export async function testGrpc({ releases, delayMs = 0, ...options }: Partial<ServeGrpcOptions> & { releases?: ServableRelease[]; delayMs?: number } = {}) {
  const { inference, world } = fakeInference(Object.assign(fakeModel(), { delayMs }))
  await serveReleases(inference, releases)
  const errors: unknown[] = []
  const grpc: GrpcServing = serveGrpc({
    inference,
    repository: fakeRepository(inference, world).repository,
    authorize: () => ({ kind: 'loopback', id: 'loopback' }),
    counted: async () => [],
    version: '1.2.3',
    isDraining: () => false,
    onError: (error) => errors.push(error),
    ...options,
  })
  const { port } = await grpc.listen({ host: '127.0.0.1', port: 0 })
  const session = connectTo(port)
  const call = (path: string, message: Uint8Array | undefined, more: CallOptions = {}) => gather(begin(session, path, { message, ...more }))
  return {
    grpc,
    inference,
    world,
    errors,
    port,
    session,
    /** One call; `path` may be the name of a method of the inference service. */
    call,
    /** One call with messages of the protobuf runtime; throws unless it ends well. */
    async ask<I extends DescMessage, O extends DescMessage>(path: string, [input, output]: [I, O], init: MessageInitShape<I>): Promise<MessageShape<O>> {
      const answer = await call(path, encode(input, init))
      if (answer.status !== 0) throw new Error(`status ${answer.status}: ${answer.message}`)
      return fromBinary(output, answer.messages[0]!)
    },
    [Symbol.asyncDispose]: async () => {
      session.destroy()
      await grpc.close(0)
      await inference[Symbol.asyncDispose]()
    },
  }
}

export function connectTo(port: number): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  return session
}

/** Sends a call without waiting for it. */
export function begin(session: ClientHttp2Session, path: string, { message, headers = {}, pieces }: CallOptions & { message?: Uint8Array | undefined }) {
  const stream = session.request({
    ':method': 'POST',
    ':path': path.startsWith('/') ? path : INFERENCE + path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  })
  stream.on('error', () => {})
  for (const piece of pieces ?? (message ? [frame(message)] : [])) stream.write(piece)
  if (!pieces || pieces.length > 0) stream.end()
  return stream
}

/** All that comes back on a stream. */
export function gather(stream: ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve) => {
    let headers: IncomingHttpHeaders = {}
    let trailers: IncomingHttpHeaders = {}
    const chunks: Buffer[] = []
    stream.on('response', (received) => {
      headers = received
    })
    stream.on('trailers', (received) => {
      trailers = received
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('close', () => {
      const last = trailers['grpc-status'] === undefined ? headers : trailers
      resolve({
        headers,
        trailers,
        status: Number(last['grpc-status'] ?? -1),
        message: decodeURIComponent(String(last['grpc-message'] ?? '')),
        messages: split(Buffer.concat(chunks)),
        reset: stream.rstCode ?? constants.NGHTTP2_NO_ERROR,
      })
    })
  })
}

function split(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 5 + bytes.readUInt32BE(at + 1)
    messages.push(bytes.subarray(at + 5, end))
    at = end
  }
  return messages
}
