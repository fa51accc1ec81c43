import { FairleadError } from '@fairlead/contract'

const FULL = 13
const CANNOT_OPEN = 14
const READ_ONLY = 8
const CORRUPT = 11
const NOT_A_DATABASE = 26

/** Primary result code of an error of `node:sqlite`, or `undefined` for other errors. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  return error.errcode & 0xff
}

/** The platform's error for what SQLite reports about the disk; anything else is given back as it is. */
export function translated(error: unknown, path: string): unknown {
  const detail = error instanceof Error ? error.message : String(error)
  switch (sqliteCode(error)) {
    case FULL:
      return new FairleadError('storage-full', `The store ${path} cannot grow: ${detail}.`, { cause: error })
    case READ_ONLY:
    case CANNOT_OPEN:
      return new FairleadError('data-unwritable', `The store ${path} cannot be opened for writing: ${detail}. Choose another folder with --data.`, {
        cause: error,
      })
    case CORRUPT:
    case NOT_A_DATABASE:
      return new FairleadError('file-unreadable', `The store ${path} is damaged or not a store: ${detail}.`, { cause: error })
    default:
      return error
  }
}
