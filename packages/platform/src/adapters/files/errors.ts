import { FairleadError } from '@fairlead/contract'

/** The error's system code, such as `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** The platform's error for what the file system reports; anything else is given back as it is. */
export function translated(error: unknown, folder: string): unknown {
  const detail = error instanceof Error ? error.message : String(error)
  switch (systemCode(error)) {
    // a quota and a limit on file size stop a write the way a full disk does
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new FairleadError('storage-full', `There is no room left under ${folder}: ${detail}.`, { cause: error })
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new FairleadError('data-unwritable', `The folder ${folder} cannot be written: ${detail}. Choose another with --data.`, { cause: error })
    default:
      return error
  }
}
