import { join } from 'node:path'
import { readTensorStream, TensorStreamWriter } from '../adapters/arrow/tensor-stream.ts'
import type { FileBlobStore } from '../adapters/files/index.ts'
import { materialise } from '../adapters/files/index.ts'
import { PYTHON_FORMAT, type PythonArtifact, PythonEnvironments, type PythonHost, type PythonOptions, type RowCodec } from '../adapters/python/index.ts'
import { homeFolder, processEnvironment } from '../config/index.ts'
import { type Artifact, modelSide, type ServableRelease } from '../domain/inference/index.ts'
import type { FileListing } from '../model/index.ts'
import { pythonModel } from '../model/python/read.ts'
import type { DataFolder } from './data-folder.ts'

const codec: RowCodec = {
  writer(names) {
    const writer = new TensorStreamWriter(names)
    return (tensors) => writer.write(tensors)
  },
  read: readTensorStream,
}

/** What Python models of a platform run with: where their environments lie, what they may not see, and how rows go to them. */
export function pythonOptions(folder: DataFolder, interpreters: readonly string[]): PythonOptions {
  const host: PythonHost = {
    environments: folder.environments,
    logs: folder.logs,
    scratch: folder.empty,
    hidden: [...new Set([folder.root, homeFolder(), '/root', '/home', '/run'])],
    interpreters,
    variables: processEnvironment(),
  }
  return { host, environments: new PythonEnvironments(host), codec }
}

/** A release of a Python model as its runtime opens it: its files in a folder, and what a worker is to do with them. */
export async function pythonArtifact(release: ServableRelease, { blobs, cache }: { blobs: FileBlobStore; cache: string }): Promise<Artifact> {
  const { settings, files } = release
  const { signature } = modelSide(release)
  const folder = join(cache, `${release.model.digest.replace(':', '-')}-python`)
  await materialise(blobs, files, folder, { copies: true })
  const { model } = await pythonModel(listingOf(blobs, files), release.entry, signature.answer === 'body')
  const { workers, pythonMemory: memoryBytes, pythonNetwork: network, deadlineMs: stuckMs } = settings
  const artifact: PythonArtifact = { model, memoryBytes, network, workers, stuckMs, name: `${release.deployment}-${release.number}` }
  return { format: PYTHON_FORMAT, bytes: Buffer.from(JSON.stringify(artifact)), folder, signature }
}

function listingOf(blobs: FileBlobStore, files: ServableRelease['files']): FileListing {
  return {
    paths: files,
    read: (path) => blobs.read(files.find((file) => file.path === path)!.digest),
  }
}
