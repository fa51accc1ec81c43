import { encodeHeaders } from './h2/index.ts'

/** Longer values have a length of more than one byte. */
const SHORT = 126
const PLAIN = encodeHeaders([
  [':status', '200'],
  ['content-type', 'application/grpc'],
])
const REQUEST_ID = beginning('x-request-id')
const PREDICTION_ID = beginning('x-fairlead-id')
const BEFORE_ID = Buffer.concat([PLAIN, REQUEST_ID])

/** A field up to the length of its value. */
function beginning(name: string): Buffer {
  return encodeHeaders([[name, '']]).subarray(0, -1)
}

/** The header block that every answer begins with: RFC 7541. The ids are visible ASCII. */
export function answerHead(id: string, predictionId: string | undefined): Buffer {
  if (id.length > SHORT) return longHead(id, predictionId)
  const first = BEFORE_ID.length + 1 + id.length
  const block = Buffer.allocUnsafe(predictionId === undefined ? first : first + PREDICTION_ID.length + 1 + predictionId.length)
  block.set(BEFORE_ID)
  putText(block, BEFORE_ID.length, id)
  if (predictionId !== undefined) {
    block.set(PREDICTION_ID, first)
    putText(block, first + PREDICTION_ID.length, predictionId)
  }
  return block
}

function putText(block: Buffer, at: number, text: string): void {
  block[at] = text.length
  block.write(text, at + 1, 'latin1')
}

function longHead(id: string, predictionId: string | undefined): Buffer {
  return Buffer.concat([PLAIN, encodeHeaders([['x-request-id', id], ...(predictionId === undefined ? [] : ([['x-fairlead-id', predictionId]] as const))])])
}
