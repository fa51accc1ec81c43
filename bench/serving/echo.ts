import type { ChildProcess } from 'node:child_process'
import { create, toBinary } from '@bufbuild/protobuf'
import { frame } from '../../packages/platform/src/transport/grpc/framing.ts'
import { ModelInferResponseSchema } from '../../packages/platform/src/transport/grpc/generated/open_inference_grpc_pb.ts'
import { installGrpcJs } from '../grpc/grpc-js.ts'
import { requestOf } from '../grpc.ts'
import { next, start } from '../load.ts'
import type { Contender, Face, Running } from './contender.ts'
import { pin } from './process.ts'
import { oipRow, ROWS, rawTensors, rowRequests } from './requests.ts'

/** As many bytes as ours answers, and the same for every row. */
const ANSWER = JSON.stringify({
  model_name: 'trees',
  model_version: '1',
  id: '00000000-0000-7000-8000-000000000000',
  outputs: [
    { name: 'label', datatype: 'INT64', shape: [1], data: [1] },
    { name: 'probabilities', datatype: 'FP32', shape: [1, 2], data: [0.27753961, 0.72246039] },
  ],
})

/** The same over gRPC. */
const MESSAGE = toBinary(
  ModelInferResponseSchema,
  create(ModelInferResponseSchema, {
    modelName: 'trees',
    modelVersion: '1',
    id: 'row-00',
    outputs: [
      { name: 'label', datatype: 'INT64', shape: [1n] },
      { name: 'probabilities', datatype: 'FP32', shape: [1n, 2n] },
    ],
    rawOutputContents: [new Uint8Array(8), new Uint8Array(8)],
  }),
)

const row: Face = { requests: rowRequests('/v2/models/trees/infer', oipRow).map(({ path, body }) => ({ path, body })), marker: '' }

async function listening(child: ChildProcess): Promise<{ child: ChildProcess; port: number }> {
  pin(child.pid as number, 'server')
  return { child, port: (await next<{ port: number }>(child)).port }
}

/** The echoes that need nothing installed. */
export async function startHttpEcho(): Promise<Running> {
  const [row, tensor] = [await listening(start('./echo.process.ts', [ANSWER])), await listening(start('./echo.process.ts'))]
  const stop = async (): Promise<void> => {
    for (const { child } of [row, tensor]) child.disconnect()
  }
  return { port: { row: row.port, tensor: tensor.port }, pids: [row.child.pid as number, tensor.child.pid as number], stop }
}

export const echo: Contender = {
  name: 'echo',
  title: 'bare echo on `node:http`, over gRPC on `@grpc/grpc-js`; no model',
  settings: 'reads the body and answers a constant of the length of our answer; with the tensor, answers the bytes that came',
  install: async ({ cache }) => void installGrpcJs(cache),
  start: async ({ cache }) => {
    const answer = Buffer.from(MESSAGE).toString('base64')
    const grpc = await listening(start('./grpc/echo.process.ts', [installGrpcJs(cache), answer]))
    const http = await startHttpEcho()
    const stop = async (): Promise<void> => {
      grpc.child.disconnect()
      await http.stop()
    }
    return { port: { ...http.port, grpc: grpc.port }, pids: [...http.pids, grpc.child.pid as number], stop }
  },
  faces: {
    row,
    tensor: { requests: rawTensors('/'), marker: '' },
    grpc: async () => ROWS.map((one, at) => ({ message: requestOf(one, at), answer: frame(MESSAGE) })),
  },
}
