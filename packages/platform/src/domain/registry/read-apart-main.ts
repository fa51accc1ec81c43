import { once } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import { FairleadError, writeJson } from '@fairlead/contract'
import { readModel } from '../../model/index.ts'
import type { FromReader, ReaderTask } from './read-apart.ts'

const port = parentPort!
const { paths, options } = workerData as ReaderTask

function tell(message: FromReader): void {
  port.postMessage(message)
}

async function read(path: string): Promise<Uint8Array> {
  tell({ kind: 'read', path })
  const [bytes] = (await once(port, 'message')) as [Uint8Array]
  return bytes
}

try {
  const { example, ...model } = await readModel({ paths, read }, options)
  tell({ kind: 'done', model, example: writeJson(example) })
} catch (error) {
  if (!(error instanceof FairleadError)) throw error
  tell({ kind: 'failed', code: error.code, detail: error.message, items: error.items })
}
