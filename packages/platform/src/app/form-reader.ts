import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { type ErrorCode, FairleadError, type ProblemItem } from '@fairlead/contract'
import type { ReadingOptions } from '@fairlead/contract/control'
import type { ModelKind } from '../model/index.ts'

/** A model file's kind, path, and what was stated about it. */
export interface FormFile {
  kind: ModelKind
  file: string
  reading?: ReadingOptions | undefined
}

/** What the thread is given. */
export interface FormTask extends FormFile {
  bytes: Uint8Array
}

/** What it answers. */
export type FormResult = { kind: 'form'; bytes: Uint8Array } | { kind: 'failed'; code: ErrorCode; detail: string; items: ProblemItem[] }

/** Bytes up to which a file is read where one is: that takes some milliseconds, and a thread would cost more. */
const HERE_BYTES = 100_000
const MAIN = new URL(import.meta.url.endsWith('.ts') ? './form-reader-main.ts' : './form-reader-main.js', import.meta.url)

/** Reads a model file into its form, encoded, without holding up who serves predictions on this thread. Throws as `readForm`. */
export async function readFormApart(bytes: Uint8Array, { kind, file, reading }: FormFile): Promise<Uint8Array> {
  const task: FormTask = { bytes, kind, file, reading }
  if (bytes.length <= HERE_BYTES) {
    const { encodedForm } = await import('../model/compiled/stored.ts')
    return encodedForm(kind, bytes, { file, reading })
  }
  const thread = new Worker(MAIN, { workerData: task, name: 'form reader' })
  try {
    const [result] = (await once(thread, 'message')) as [FormResult]
    if (result.kind === 'form') return result.bytes
    throw new FairleadError(result.code, result.detail, { items: result.items })
  } finally {
    await thread.terminate()
  }
}
