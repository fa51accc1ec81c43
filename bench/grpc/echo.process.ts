// The echo over gRPC: a bare @grpc/grpc-js server whose one unary method reads the request and answers constant bytes. Arguments: where the
// package is, and the answer in base64.
import { createRequire } from 'node:module'
import type { Grpc } from './grpc-js.ts'

const [at = '', answer = ''] = process.argv.slice(2)
const { Server, ServerCredentials } = createRequire(at)('@grpc/grpc-js') as Grpc
const constant = Buffer.from(answer, 'base64')
const bytes = (value: Buffer): Buffer => value

const server = new Server({ 'grpc.max_receive_message_length': -1 })
server.addService(
  {
    ModelInfer: {
      path: '/inference.GRPCInferenceService/ModelInfer',
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    },
  },
  { ModelInfer: (_call, callback) => callback(null, constant) },
)
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => process.send?.(error ? { error: error.message } : { port }))
process.on('disconnect', () => process.exit(0))
