import { FairleadError } from '@fairlead/contract'
import type { ModelFile } from '@fairlead/contract/control'
import { type Clock, rfc3339 } from '../../kernel/clock.ts'
import { uuidv7 } from '../../kernel/ids.ts'
import { checkPath, checkTogether } from '../../kernel/relative-path.ts'
import type { BlobKeeper } from './keeper.ts'
import type { RegistryLimits } from './limits.ts'
import type { BlobStore } from './ports.ts'
import type { RegistryDb } from './tables.ts'

export interface UploadsOptions {
  db: RegistryDb
  blobs: BlobStore
  keeper: BlobKeeper
  clock: Clock
  limits: RegistryLimits
}

/** Files on their way into the registry. */
export class Uploads {
  readonly #options: UploadsOptions

  constructor(options: UploadsOptions) {
    this.#options = options
  }

  /** A new, empty upload. */
  async create(): Promise<{ upload: string; expiresAt: string }> {
    const { db, clock, limits } = this.#options
    await this.removeExpired()
    const now = clock.now()
    const row = { id: uuidv7(now), created_at: rfc3339(now), expires_at: rfc3339(now + limits.uploadMs) }
    await db.insertInto('uploads').values(row).execute()
    return { upload: row.id, expiresAt: row.expires_at }
  }

  /** Stores a file of an upload; a second one at the same path takes the place of the first. */
  async put(upload: string, path: string, source: AsyncIterable<Uint8Array>): Promise<ModelFile> {
    const { blobs, keeper } = this.#options
    checkPath(path)
    const room = this.#room(path, await this.files(upload))
    let replaced: string | undefined
    const file = await keeper.storing(async () => {
      const stored = { path, ...(await blobs.put(source, { limit: room.bytes }).catch((error: unknown) => this.#refuse(error, path, room.reason))) }
      try {
        replaced = await this.#note(upload, stored)
      } catch (error) {
        await keeper.discard([stored.digest])
        throw error
      }
      return stored
    })
    if (replaced !== undefined && replaced !== file.digest) await keeper.discard([replaced])
    return file
  }

  /** The files of an upload by path. Throws `upload-unknown`. */
  async files(upload: string, db: RegistryDb = this.#options.db): Promise<ModelFile[]> {
    const now = rfc3339(this.#options.clock.now())
    const found = await db.selectFrom('uploads').select('id').where('id', '=', upload).where('expires_at', '>', now).executeTakeFirst()
    if (!found) throw new FairleadError('upload-unknown', `There is no upload "${upload.slice(0, 100)}".`)
    return db.selectFrom('upload_files').select(['path', 'digest', 'size']).where('upload', '=', upload).orderBy('path').execute()
  }

  /** Removes an upload and the files that only it has. Throws `upload-unknown`. */
  async drop(upload: string): Promise<void> {
    const files = await this.files(upload)
    await this.#options.db.deleteFrom('uploads').where('id', '=', upload).execute()
    await this.#options.keeper.discard(files.map((file) => file.digest))
  }

  /** Removes uploads past their time. */
  async removeExpired(): Promise<void> {
    const { db, clock, keeper } = this.#options
    const old = await db.selectFrom('uploads').select('id').where('expires_at', '<=', rfc3339(clock.now())).limit(500).execute()
    if (old.length === 0) return
    const ids = old.map((row) => row.id)
    const files = await db.selectFrom('upload_files').select('digest').where('upload', 'in', ids).execute()
    await db.deleteFrom('uploads').where('id', 'in', ids).execute()
    await keeper.discard(files.map((file) => file.digest))
  }

  /** Writes the row of a stored file; answers the digest that the path had before. */
  async #note(upload: string, file: ModelFile): Promise<string | undefined> {
    return this.#options.db.transaction().execute(async (trx) => {
      const present = await this.files(upload, trx)
      const room = this.#room(file.path, present)
      if (file.size > room.bytes) throw new FairleadError('model-too-large', room.reason)
      await trx
        .insertInto('upload_files')
        .values({ upload, ...file })
        .onConflict((conflict) => conflict.columns(['upload', 'path']).doUpdateSet({ digest: file.digest, size: file.size }))
        .execute()
      return present.find((one) => one.path === file.path)?.digest
    })
  }

  /** How many bytes a file at this path may have, and what to say when it has more. */
  #room(path: string, present: ModelFile[]): { bytes: number; reason: string } {
    const { limits } = this.#options
    const others = present.filter((file) => file.path !== path)
    checkTogether(
      path,
      others.map((file) => file.path),
    )
    if (others.length >= limits.files) {
      const detail = `An upload holds at most ${limits.files} files; "${path}" would be one more.`
      throw new FairleadError('request-invalid', detail, { items: [{ path, code: 'request-invalid', detail }] })
    }
    const used = others.reduce((sum, file) => sum + file.size, 0)
    const own = /\.onnx$/i.test(path) ? limits.onnxBytes : limits.fileBytes
    return limits.uploadBytes - used < own
      ? { bytes: limits.uploadBytes - used, reason: `With "${path}" the upload is larger than ${limits.uploadBytes} bytes.` }
      : { bytes: own, reason: `"${path}" is larger than ${own} bytes.` }
  }

  #refuse(error: unknown, path: string, reason: string): never {
    if (error instanceof FairleadError && error.code === 'body-too-large') {
      throw new FairleadError('model-too-large', reason, { cause: error, items: [{ path, code: 'model-too-large', detail: reason }] })
    }
    throw error
  }
}
