import { parentPort, workerData } from 'node:worker_threads'
import { FairleadError } from '@fairlead/contract'
import { encodedForm } from '../model/compiled/stored.ts'
import type { FormResult, FormTask } from './form-reader.ts'

const port = parentPort!
try {
  const { kind, bytes: file, ...reading } = workerData as FormTask
  const bytes = encodedForm(kind, file, reading)
  port.postMessage({ kind: 'form', bytes } satisfies FormResult, [bytes.buffer as ArrayBuffer])
} catch (error) {
  if (!(error instanceof FairleadError)) throw error
  port.postMessage({ kind: 'failed', code: error.code, detail: error.message, items: error.items } satisfies FormResult)
}
