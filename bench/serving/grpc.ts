import { requestOf, rightAnswer } from '../grpc.ts'
import type { GrpcFace } from './contender.ts'
import { ROWS } from './requests.ts'

/** All rows as calls to a model of this name. Every answer is compared with what XGBoost itself gave. */
export function grpcRows(model: string): GrpcFace {
  return async (address) => {
    const requests: Awaited<ReturnType<GrpcFace>> = []
    for (const [at, row] of ROWS.entries()) {
      const message = requestOf(row, at, model)
      requests.push({ message, answer: await rightAnswer(address, message, row) })
    }
    return requests
  }
}
