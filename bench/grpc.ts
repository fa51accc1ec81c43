import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect } from 'node:http2'
import { join } from 'node:path'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { frame } from '../packages/platform/src/transport/grpc/framing.ts'
import { ModelInferRequestSchema, ModelInferResponseSchema } from '../packages/platform/src/transport/grpc/generated/open_inference_grpc_pb.ts'
import { startPlatform } from '../test/support/platform.ts'
import { measureBeside, side } from './beside.ts'
import { installGrpcJs } from './grpc/grpc-js.ts'
import type { GrpcTask } from './grpc/task.ts'
import { type LoadResult, next, start } from './load.ts'
import { cli, executionOf, FIXTURES, importTrees, serveProcess } from './platform.ts'
import type { Figure } from './report.ts'

const STREAMS = 64
export const PATH = '/inference.GRPCInferenceService/ModelInfer'

interface BenchRow {
  features: number[]
  label: number
  probabilities: number[]
}

/** A row as tritonclient sends it. Its id makes the answer to it the same every time. */
export function requestOf({ features }: BenchRow, at: number, modelName = 'trees'): Buffer {
  const init = {
    modelName,
    id: `row-${String(at).padStart(2, '0')}`,
    inputs: [{ name: 'features', datatype: 'FP32', shape: [1n, 30n] }],
    rawInputContents: [new Uint8Array(Float32Array.from(features).buffer)],
  }
  return frame(toBinary(ModelInferRequestSchema, create(ModelInferRequestSchema, init)))
}

/** Asks once over a client of Node's own, and answers the message with its prefix. */
function askOnce(address: string, message: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const session = connect(`http://${address}`)
    session.on('error', reject)
    const stream = session.request({ ':method': 'POST', ':path': PATH, 'content-type': 'application/grpc', te: 'trailers' })
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', reject)
    stream.on('close', () => {
      session.close()
      resolve(Buffer.concat(chunks))
    })
    stream.end(message)
  })
}

/** The answer to a row, compared with what XGBoost itself gave. */
export async function rightAnswer(address: string, message: Buffer, row: BenchRow): Promise<Buffer> {
  const answer = await askOnce(address, message)
  if (answer.length < 5) throw new Error('A prediction over gRPC was not answered')
  const { rawOutputContents: raws } = fromBinary(ModelInferResponseSchema, answer.subarray(5))
  const [label, probabilities] = raws.map((raw) => Uint8Array.from(raw).buffer) as [ArrayBuffer, ArrayBuffer]
  const got = new Float32Array(probabilities)
  const right = Number(new BigInt64Array(label)[0]) === row.label && row.probabilities.every((value, at) => Math.abs(value - got[at]!) <= 1e-6)
  if (!right) throw new Error(`A prediction over gRPC is wrong: ${got.slice(0, 4)} where ${row.probabilities} are right`)
  return answer
}

/** One round of calls. Throws when one is not answered, or wrongly. */
async function call(generator: ChildProcess, task: GrpcTask): Promise<LoadResult> {
  const answer = next<LoadResult | { error: string }>(generator)
  generator.send(task)
  const result = await answer
  if ('error' in result) throw new Error(result.error)
  return result
}

/**
 * One row a call over gRPC, 64 calls at a time on one connection, one serve process, prediction log and metrics on, beside a bare @grpc/grpc-js
 * server that reads the same messages and answers constant bytes of the same length. Every answer is compared byte for byte.
 */
export async function grpc(options: { rounds: number; seconds: number; cache: string }): Promise<Figure[]> {
  const grpcJs = installGrpcJs(options.cache)
  await using platform = await startPlatform({ args: ['--processes', '1'] })
  await importTrees(platform)
  await cli(platform, 'deploy', 'trees', '--model', 'trees')
  process.stderr.write(`${await executionOf(platform, 'trees')}\n`)
  const address = platform.run.grpc ?? ''
  const rows = JSON.parse(readFileSync(join(FIXTURES, 'rows.json'), 'utf8')) as BenchRow[]
  const requests: GrpcTask['requests'] = []
  for (const [at, row] of rows.entries()) {
    const message = requestOf(row, at)
    requests.push({ message, answer: await rightAnswer(address, message, row) })
  }
  const constant = Buffer.from(requests[0]!.answer)
  const generator = start('./grpc/load.process.ts')
  const echo = start('./grpc/echo.process.ts', [grpcJs, constant.subarray(5).toString('base64')])
  try {
    const begun = await next<{ port: number } | { error: string }>(echo)
    if ('error' in begun) throw new Error(begun.error)
    const pid = await serveProcess(platform)
    const run = (port: number, asked: GrpcTask['requests']) => (seconds: number) =>
      call(generator, { path: PATH, streams: STREAMS, port, requests: asked, seconds })
    const ours = side('gRPC', pid, run(Number(address.split(':')[1]), requests))
    const echoed = requests.map(({ message }) => ({ message, answer: constant }))
    const bare = side('grpc-js echo', pid && echo.pid, run(begun.port, echoed))
    return await measureBeside([{ ours, echo: bare, least: 1.3 }], options)
  } finally {
    generator.disconnect()
    echo.disconnect()
  }
}
