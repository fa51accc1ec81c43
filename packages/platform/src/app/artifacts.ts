import { dirname, join } from 'node:path'
import type { GoldenRows } from '@fairlead/contract/control'
import { type FileBlobStore, materialise } from '../adapters/files/index.ts'
import type { Artifact, ArtifactSource, ServableRelease } from '../domain/inference/index.ts'
import { FORM_FORMAT, packForm } from '../model/compiled/packed.ts'
import { storedForm } from '../model/compiled/stored.ts'
import type { ModelKind } from '../model/index.ts'
import { loadableOnnx } from '../model/onnx/loadable.ts'

/** What artefacts are read from. */
export interface ArtifactStores {
  blobs: FileBlobStore
  /** Folder for models that must lie as files. */
  cache: string
  golden(deployment: string, release: number): GoldenRows | undefined
}

/**
 * Reads a release's files out of the blob store, verified by digest, into what a runtime loads. A model whose weights lie in files of
 * their own is laid out as a folder below `cache`, one per version.
 */
export function artifactSource({ blobs, cache, golden }: ArtifactStores): ArtifactSource {
  return {
    golden: async ({ deployment, number }) => golden(deployment, number),
    async load(release): Promise<Artifact> {
      const entry = release.files.find((file) => file.path === release.entry)
      if (!entry) throw new Error(`release ${release.number} of ${release.deployment} has no file ${release.entry}`)
      const file = await blobs.read(entry.digest)
      if (release.runtime?.name === 'compiled') return compiledArtifact(release, file)
      const { bytes, externalData, branching } = loadableOnnx(file)
      const artifact = { format: release.model.format, bytes, signature: release.signature, branching }
      if (externalData.length === 0) return artifact
      const folder = join(cache, release.model.digest.replace(':', '-'))
      await materialise(blobs, release.files, folder)
      return { ...artifact, folder: join(folder, dirname(release.entry)) }
    },
  }
}

function compiledArtifact({ model, entry, signature }: ServableRelease, file: Uint8Array): Artifact {
  const form = storedForm(model.format as ModelKind, file, { file: entry, reading: model.reading })
  return { format: FORM_FORMAT, bytes: packForm(form), signature }
}
