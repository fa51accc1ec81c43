import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FairleadError } from '@fairlead/contract'
import type { BlobInventory, BlobStore } from '../../domain/registry/index.ts'
import { hexOf, Sha256 } from '../../kernel/digest.ts'
import { uuidv7 } from '../../kernel/ids.ts'
import { systemCode, translated } from './errors.ts'

const PIECE = 1 << 18
/** Of a file that is read whole: its digest takes two milliseconds for so much, after which others have their turn. */
const WHOLE_PIECE = 1 << 20

export interface FileBlobOptions {
  /** Folder of the blobs; `tmp` in it holds those being written. */
  root: string
}

/** Opens a blob store in a folder, which is made when there is none. */
export function fileBlobs(options: FileBlobOptions): FileBlobStore {
  return new FileBlobStore(options)
}

/** Blobs in a local folder: `sha256/ab/<64 hex digits>`. Survives kill -9 at any moment. */
export class FileBlobStore implements BlobStore, BlobInventory {
  readonly #root: string
  readonly #temporary: string

  constructor({ root }: FileBlobOptions) {
    this.#root = root
    this.#temporary = join(root, 'tmp')
  }

  /** Where the content of a digest lies, whether it is there or not. */
  pathOf(digest: string): string {
    const hex = hexOf(digest)
    if (hex === undefined) throw new FairleadError('request-invalid', `"${digest.slice(0, 100)}" is not a digest: sha256: and 64 hex digits.`)
    return join(this.#root, 'sha256', hex.slice(0, 2), hex)
  }

  async put(source: AsyncIterable<Uint8Array>, options: { limit?: number; signal?: AbortSignal } = {}): Promise<{ digest: string; size: number }> {
    const temporary = join(this.#temporary, uuidv7())
    try {
      await mkdir(this.#temporary, { recursive: true })
      const written = await this.#write(source, temporary, options)
      await this.#settle(temporary, written.digest)
      return written
    } catch (error) {
      await rm(temporary, { force: true })
      throw translated(error, this.#root)
    }
  }

  async *open(digest: string): AsyncIterable<Uint8Array> {
    const file = await this.#existing(digest)
    try {
      const hash = new Sha256()
      for (;;) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PIECE), 0, PIECE)
        if (bytesRead === 0) break
        const piece = buffer.subarray(0, bytesRead)
        hash.update(piece)
        yield piece
      }
      const found = hash.digest()
      if (found !== digest) throw corrupt(digest, found)
    } finally {
      await file.close()
    }
  }

  async read(digest: string): Promise<Uint8Array> {
    const file = await this.#existing(digest)
    const hash = new Sha256()
    let bytes: Uint8Array
    try {
      bytes = new Uint8Array((await file.stat()).size)
      while (hash.size < bytes.length) {
        const { bytesRead } = await file.read(bytes, hash.size, Math.min(bytes.length - hash.size, WHOLE_PIECE))
        if (bytesRead === 0) break
        hash.update(bytes.subarray(hash.size, hash.size + bytesRead))
      }
    } finally {
      await file.close()
    }
    const found = hash.digest()
    if (found !== digest) throw corrupt(digest, found)
    return bytes
  }

  async has(digest: string): Promise<boolean> {
    try {
      return (await stat(this.pathOf(digest))).isFile()
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false
      throw error
    }
  }

  async remove(digest: string): Promise<void> {
    await rm(this.pathOf(digest), { force: true })
  }

  async *list(): AsyncIterable<string> {
    const top = join(this.#root, 'sha256')
    for (const folder of await entries(top)) {
      for (const name of await entries(join(top, folder))) {
        const digest = `sha256:${name}`
        if (hexOf(digest) !== undefined) yield digest
      }
    }
  }

  async tidy(): Promise<void> {
    for (const name of await entries(this.#temporary)) await rm(join(this.#temporary, name), { force: true })
  }

  async #write(
    source: AsyncIterable<Uint8Array>,
    temporary: string,
    { limit = Number.POSITIVE_INFINITY, signal }: { limit?: number; signal?: AbortSignal },
  ): Promise<{ digest: string; size: number }> {
    // read-only from the start: a hard link of the file elsewhere must not be a way to change it
    const file = await open(temporary, 'wx', 0o444)
    try {
      const hash = new Sha256()
      for await (const piece of source) {
        signal?.throwIfAborted()
        hash.update(piece)
        if (hash.size > limit) throw new FairleadError('body-too-large', `The file is larger than the limit of ${limit} bytes.`)
        await writeAll(file, piece)
      }
      signal?.throwIfAborted()
      await file.sync()
      return { size: hash.size, digest: hash.digest() }
    } finally {
      await file.close()
    }
  }

  async #settle(temporary: string, digest: string): Promise<void> {
    const path = this.pathOf(digest)
    const folder = join(path, '..')
    const made = await mkdir(folder, { recursive: true })
    await rename(temporary, path)
    await syncFolder(folder)
    if (made !== undefined) for (const parent of [join(folder, '..'), this.#root]) await syncFolder(parent)
  }

  async #existing(digest: string): Promise<FileHandle> {
    try {
      return await open(this.pathOf(digest), 'r')
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error
      throw new FairleadError('blob-missing', `The stored file ${digest} is missing.`, { cause: error })
    }
  }
}

function corrupt(digest: string, found: string): FairleadError {
  return new FairleadError('blob-corrupt', `The stored file ${digest} is damaged: its content has the digest ${found}.`)
}

async function writeAll(file: FileHandle, piece: Uint8Array): Promise<void> {
  let written = 0
  while (written < piece.byteLength) {
    const { bytesWritten } = await file.write(piece, written, piece.byteLength - written)
    written += bytesWritten
  }
}

async function entries(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}

/** Makes names in a folder durable. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
