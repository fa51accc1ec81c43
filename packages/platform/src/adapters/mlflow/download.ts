import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { FairleadError } from '@fairlead/contract'
import { atOnce } from '../../kernel/at-once.ts'
import { type Artifact, artifactPath, listArtifacts, tooLarge } from './artifacts.ts'
import type { Connection } from './connection.ts'
import { Again } from './connection.ts'
import type { FetchLimits } from './server.ts'

/** Told as bytes arrive: the file, and how many there are of all together; `total` is 0 where sizes are not known. */
export type FetchProgress = (file: Artifact, received: number, total: number) => void

export interface Download {
  from: Connection
  /** Path of the folder, or of the one file, that the server hands out. */
  root: string
  /** Where the files go; it exists and is empty. */
  folder: string
  limits: FetchLimits
  progress?: FetchProgress | undefined
}

const AT_ONCE = 4

/**
 * Fetches a folder of artifacts, or the one file, into a folder; a file that breaks off is fetched again. Throws what `listArtifacts` throws,
 * `tracking-unknown` where there is nothing, `tracking-failed` for files of another size than was told, `storage-full`.
 */
export async function downloadArtifacts(download: Download): Promise<void> {
  const { from, root, limits } = download
  const listed = await listArtifacts(from, root, limits)
  const files = listed.length > 0 ? listed : [{ path: '', size: undefined }]
  const total = files.every(({ size }) => size !== undefined) ? files.reduce((sum, { size }) => sum + size!, 0) : 0
  const sum = new Received(limits.bytes, (file, bytes) => download.progress?.(file, bytes, total))
  const limited = atOnce(AT_ONCE)
  const stop = new AbortController()
  const all = files.map((file) =>
    limited(async () => {
      stop.signal.throwIfAborted()
      await from.retrying(() => fetchFile(file, { ...download, sum }))
    }).catch((error: unknown) => {
      stop.abort(error)
      throw error
    }),
  )
  await Promise.allSettled(all)
  if (stop.signal.aborted) throw stop.signal.reason
}

/** Bytes of all files together; those of an attempt that failed are taken back. */
class Received {
  readonly #most: number
  readonly #told: (file: Artifact, bytes: number) => void
  #bytes = 0

  constructor(most: number, told: (file: Artifact, bytes: number) => void) {
    this.#most = most
    this.#told = told
  }

  add(file: Artifact, bytes: number): boolean {
    this.#bytes += bytes
    this.#told(file, this.#bytes)
    return this.#bytes <= this.#most
  }
}

async function fetchFile(file: Artifact, { from, root, folder, limits, sum }: Download & { sum: Received }): Promise<void> {
  const answer = await from.open(artifactPath(root, file.path)).catch((error: unknown) => missing(error, root, file))
  const path = join(folder, file.path === '' ? (root.split('/').at(-1) ?? 'model') : file.path)
  await mkdir(dirname(path), { recursive: true })
  let bytes = 0
  const counted = async function* () {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (file.size !== undefined && bytes > file.size) throw wrongSize(file, `more than the ${file.size} bytes that were told`)
      if (!sum.add(file, chunk.length)) throw tooLarge(root, limits)
      yield chunk
    }
  }
  try {
    await pipeline(counted, createWriteStream(path))
    if (file.size !== undefined && bytes !== file.size) throw new Again(wrongSize(file, `${bytes} bytes where ${file.size} were told`))
  } catch (error) {
    sum.add(file, -bytes)
    await rm(path, { force: true })
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOSPC') throw new FairleadError('storage-full', `There is no room for ${file.path} in ${folder}.`, { cause: error })
    return from.failed(error)
  }
}

function wrongSize({ path }: Artifact, why: string): FairleadError {
  return new FairleadError('tracking-failed', `The tracking server sends ${path} with ${why}.`)
}

/** A 500 for an artifact is what MLflow answers where there is none. */
function missing(error: unknown, root: string, { path }: Artifact): never {
  const failure = error instanceof Again ? error.failure : error
  if (!(failure instanceof FairleadError) || path !== '') throw error
  const nothing = new FairleadError('tracking-unknown', `There is nothing at ${root}: ${failure.message}`, { cause: failure })
  if (failure.code === 'tracking-unknown') throw nothing
  if (error instanceof Again && error.most === 1) throw new Again(nothing, { most: 1 })
  throw error
}
