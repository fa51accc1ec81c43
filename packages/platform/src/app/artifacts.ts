import { dirname, join } from 'node:path'
import type { GoldenRows } from '@fairlead/contract/control'
import { type FileBlobStore, materialise } from '../adapters/files/index.ts'
import { type Artifact, type ArtifactSource, modelSide, type ServableRelease } from '../domain/inference/index.ts'
import { FORM_FORMAT } from '../model/compiled/form-format.ts'
import { loadableOnnx } from '../model/onnx/loadable.ts'
import type { FormStore } from './form-store.ts'

/** The format of models that Python runs. */
const PYTHON = 'python'

/** What artefacts are read from. */
export interface ArtifactStores {
  blobs: FileBlobStore
  /** Folder for models that must lie as files. */
  cache: string
  forms: FormStore
  golden(deployment: string, release: number): GoldenRows | undefined
}

/**
 * Reads a release's files out of the blob store, verified by digest, into what a runtime loads. A model whose weights lie in files of
 * their own is laid out as a folder below `cache`, one per version.
 */
export function artifactSource({ blobs, cache, forms, golden }: ArtifactStores): ArtifactSource {
  const file = (release: ServableRelease): Promise<Uint8Array> => {
    const entry = release.files.find(({ path }) => path === release.entry)
    if (!entry) throw new Error(`release ${release.number} of ${release.deployment} has no file ${release.entry}`)
    return blobs.read(entry.digest)
  }
  const form = async (release: ServableRelease): Promise<Artifact> => ({
    format: FORM_FORMAT,
    bytes: await forms.bytes(release, () => file(release)),
    signature: modelSide(release).signature,
  })
  return {
    golden: async ({ deployment, number }) => golden(deployment, number),
    form,
    async load(release): Promise<Artifact> {
      // loaded when the first such model comes: it brings much that others need not
      if (release.model.format === PYTHON) return (await import('./python.ts')).pythonArtifact(release, { blobs, cache })
      if (release.runtime?.name === 'compiled') return form(release)
      const { bytes, externalData, branching } = loadableOnnx(await file(release))
      const artifact = { format: release.model.format, bytes, signature: modelSide(release).signature, branching }
      if (externalData.length === 0) return artifact
      const folder = join(cache, release.model.digest.replace(':', '-'))
      await materialise(blobs, release.files, folder)
      return { ...artifact, folder: join(folder, dirname(release.entry)) }
    },
  }
}
