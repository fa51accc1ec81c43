import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServableRelease } from '../domain/inference/index.ts'
import type { ModelKind } from '../model/index.ts'
import { readFormApart } from './form-reader.ts'
import { PROGRAM_VERSION } from './program-version.ts'

/** What a form was made of: the same files, read in the same way, have one digest. */
export type FormOf = Pick<ServableRelease, 'model' | 'entry'>

/** How the files of this program's forms end: the readers of another version may read the same file into another form. */
const ENDING = `.${PROGRAM_VERSION}.form`

/** Forms of model files in a folder, encoded: a file is read once, and not by each process at each start. All of it can be deleted. */
export class FormStore {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** The form of a release's model, encoded; `file` is read where it is not kept, or was damaged. Throws as `readForm`. */
  async bytes(of: FormOf, file: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const path = this.#path(of)
    // where the folder cannot be read, the file is read again, too
    const kept = await readFile(path).catch(() => undefined)
    if (kept && (await isSound(kept))) return kept
    const { model, entry } = of
    const form = await readFormApart(await file(), { kind: model.format as ModelKind, file: entry, reading: model.reading })
    await this.#keep(path, form)
    return form
  }

  /** Removes what other versions of this program kept, and what a kill left half written. To be called while nobody else uses the folder. */
  async tidy(): Promise<void> {
    const names = await readdir(this.#folder).catch(() => [])
    for (const name of names) if (!name.endsWith(ENDING)) await rm(join(this.#folder, name), { force: true }).catch(() => {})
  }

  /** Removes the forms of versions that are gone. */
  async remove(digests: readonly string[]): Promise<void> {
    // it is made again for who still needs it
    for (const digest of digests) await rm(this.#file(digest), { force: true }).catch(() => {})
  }

  #path({ model }: FormOf): string {
    return this.#file(model.digest)
  }

  #file(digest: string): string {
    return join(this.#folder, `${digest.replace(':', '-')}${ENDING}`)
  }

  /** Appears whole, by rename, after it is on disk: others may be at it, too. */
  async #keep(path: string, form: Uint8Array): Promise<void> {
    const building = `${path}.${randomUUID()}.tmp`
    try {
      await mkdir(this.#folder, { recursive: true })
      await using handle = await open(building, 'wx')
      await handle.writeFile(form)
      await handle.sync()
      await rename(building, path)
    } catch {
      // a full disk costs the time of reading once more, and no prediction
      await rm(building, { force: true }).catch(() => {})
    }
  }
}

/** A full disk, a crash or a hand may have cut a kept form short. */
async function isSound(kept: Uint8Array): Promise<boolean> {
  const { isUndamaged } = await import('../model/compiled/form-frame.ts')
  return isUndamaged(kept)
}
