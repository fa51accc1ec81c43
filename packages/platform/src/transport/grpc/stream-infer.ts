import { uuidv7 } from '../../kernel/ids.ts'
import type { Call } from './call.ts'
import { modelInfer } from './infer.ts'
import { writeStreamAnswer, writeStreamError } from './infer-answer.ts'
import { readInferMessage } from './infer-message.ts'
import { known } from './status.ts'

/**
 * Answers one message of `ModelStreamInfer` behind its prefix. What is wrong with it is an answer with `error_message` and the id of the
 * request, and the stream goes on, as Triton has it. Never rejects.
 */
export async function streamInfer(call: Call, bytes: Buffer): Promise<Buffer> {
  try {
    return writeStreamAnswer(await modelInfer(call, bytes, { predictionId: uuidv7(), receivedAt: performance.now() }))
  } catch (cause) {
    const error = known(cause)
    if (error.code === 'internal') call.world.options.onError?.(cause, call.id)
    return writeStreamError(error.message, idOf(bytes))
  }
}

function idOf(bytes: Buffer): string {
  try {
    return readInferMessage(bytes).id.slice(0, 1000)
  } catch {
    return ''
  }
}
