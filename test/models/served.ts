import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { releaseSettings } from '@fairlead/contract/control'
import { modelRuntimes } from '../../packages/platform/src/app/model-worker.ts'
import type { Artifact, ServableRelease, Session } from '../../packages/platform/src/domain/inference/index.ts'
import { runtimeFor } from '../../packages/platform/src/domain/inference/runtime-for.ts'
import { FORM_FORMAT } from '../../packages/platform/src/model/compiled/form-format.ts'
import { encodedForm } from '../../packages/platform/src/model/compiled/stored.ts'
import { type FileListing, type ReadModel, type ReadOptions, readModel } from '../../packages/platform/src/model/index.ts'
import { loadableOnnx } from '../../packages/platform/src/model/onnx/loadable.ts'

/** A model read from files as the registry reads it, and open as a serve process opens it. */
export interface ServedModel extends AsyncDisposable {
  read: ReadModel
  session: Session
  release: ServableRelease
}

/** The files of a folder, or those of it that are named. */
export function folderListing(folder: string, names?: readonly string[]): FileListing {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => !names || names.includes(path))
  const read = (path: string) => new Uint8Array(readFileSync(join(folder, path)))
  return { paths: paths.map((path) => ({ path, size: read(path).length })), read: async (path) => read(path) }
}

/** Reads a model and opens it by its plain runtime, or by the one named. Throws what the platform would refuse it with. */
export async function serveModel(
  files: FileListing,
  { runtime, folder, ...options }: ReadOptions & { runtime?: 'onnx' | 'compiled'; folder?: string } = {},
): Promise<ServedModel> {
  const read = await readModel(files, options)
  const name = runtime ?? (read.format === 'onnx' ? 'onnx' : 'compiled')
  const artifact = artifactOf(read, await files.read(read.entry), { name, folder })
  const session = await runtimeFor(modelRuntimes(), artifact).open(artifact)
  const release: ServableRelease = {
    deployment: 'model',
    number: 1,
    digest: `sha256:${'0'.repeat(64)}`,
    model: { name: 'model', version: 1, digest: `sha256:${'0'.repeat(64)}`, format: read.format },
    files: [],
    entry: basename(read.entry),
    signature: read.signature,
    pipeline: [{ model: {} }],
    settings: releaseSettings.parse({ maxRows: 100_000 }),
    example: read.example,
  }
  return { read, session, release, [Symbol.asyncDispose]: () => session[Symbol.asyncDispose]() }
}

function artifactOf(read: ReadModel, bytes: Uint8Array, { name, folder }: { name: 'onnx' | 'compiled'; folder: string | undefined }): Artifact {
  const { signature } = read
  if (name === 'compiled' && read.format !== 'python') {
    return { format: FORM_FORMAT, bytes: encodedForm(read.format, bytes, { file: read.entry, reading: read.facts.reading }), signature }
  }
  const loadable = loadableOnnx(bytes)
  return { format: 'onnx', bytes: loadable.bytes, signature, ...(folder === undefined || loadable.externalData.length === 0 ? {} : { folder }) }
}
