import { FairleadError } from '@fairlead/contract'
import type { BatchForms } from '../domain/batch/index.ts'

/** The forms of files that jobs read and write. The code of each is loaded when it is used. */
export const batchForms: BatchForms = {
  async source(format) {
    if (format === 'csv') return (await import('../adapters/csv/index.ts')).csvSource
    if (format === 'ndjson') return (await import('../adapters/ndjson/index.ts')).ndjsonSource
    if (format === 'parquet') return (await import('../adapters/parquet/batch/index.ts')).parquetSource
    throw later(format)
  },
  async target(format) {
    if (format === 'csv') return (await import('../adapters/csv/index.ts')).csvTarget
    if (format === 'ndjson') return (await import('../adapters/ndjson/index.ts')).ndjsonTarget
    if (format === 'parquet') return (await import('../adapters/parquet/batch/index.ts')).parquetTarget
    throw later(format)
  },
}

function later(format: string): FairleadError {
  return new FairleadError('not-supported', `Files of the form ${format} cannot be used in batch yet.`)
}
