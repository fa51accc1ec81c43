import { join } from 'node:path'
import { FairleadError } from '@fairlead/contract'
import { type FileBlobStore, fileBlobs } from '../adapters/files/index.ts'
import { openSqlite, type SqliteStore } from '../adapters/sqlite/index.ts'
import { type ModelReader, Registry, type RegistryLimits, type RegistryTables, registryMigrations, type Use } from '../domain/registry/index.ts'
import { migrate } from '../kernel/sql/migrate.ts'
import { pieces } from './blob-suite.ts'

/** A registry on a folder, with a reader that takes any file named `*.onnx` whose text does not start with `bad`. */
export interface RegistryRig extends AsyncDisposable {
  registry: Registry
  blobs: FileBlobStore
  store: SqliteStore<RegistryTables>
  /** What deployments say they use. */
  uses: (Use & { model: string })[]
  time: { now: number }
  /** Makes an upload of these files, text by path. */
  upload(files: Record<string, string>): Promise<string>
  /** Digests of all stored blobs. */
  stored(): Promise<string[]>
}

/** Reads nothing but the file's name and text. */
export const textReader: ModelReader = async (files, { signatureFile }) => {
  const entry = files.paths.find((file) => file.path.endsWith('.onnx'))
  if (!entry) throw new FairleadError('model-format-unknown', 'there is no .onnx file')
  const text = Buffer.from(await files.read(entry.path)).toString()
  if (text.startsWith('bad')) throw new FairleadError('model-file-invalid', `${entry.path} is bad`)
  if (signatureFile?.includes('bad')) throw new FairleadError('signature-invalid', 'the signature is bad')
  const facts = { format: 'onnx', opsets: {}, metadata: {}, operators: {}, unsupportedOperators: [], parameters: 1, sizeBytes: entry.size, rewrites: [] }
  return {
    format: 'onnx',
    entry: entry.path,
    externalData: [],
    facts,
    graph: { nodes: [{ id: 'n', op: text, kind: 'operator' }], edges: [], truncated: false },
    signature: { task: 'other', inputs: [], outputs: [], columns: signatureFile ? [{ name: signatureFile, type: 'string', tensor: 't' }] : [], fields: [] },
    example: text.includes('example') ? [{ age: 1 }] : [],
    serving: undefined,
    tool: { writer: 'test', version: '1' },
    trainingRun: 'run-of-the-file',
  }
}

/** Opens (or makes) a registry in a folder. */
export async function registryRig(
  folder: string,
  options: { limits?: Partial<RegistryLimits>; readModel?: ModelReader; removed?: (digests: string[]) => Promise<void> } = {},
): Promise<RegistryRig> {
  const path = join(folder, 'fairlead.db')
  const store = openSqlite<RegistryTables>(path)
  await migrate(store.db, registryMigrations, { store: path, program: '0.1.0' })
  const blobs = fileBlobs({ root: join(folder, 'blobs') })
  const uses: RegistryRig['uses'] = []
  const time = { now: Date.UTC(2026, 0, 1) }
  const usesOf = async (model: string, version?: number) =>
    uses
      .filter((use) => use.model === model && (version === undefined || use.version === version))
      .map(({ name, release, version }) => ({ name, release, version }))
  const usage = { deploymentsOf: usesOf, releasesOf: usesOf }
  const registry = new Registry({ db: store.db, blobs, clock: { now: () => time.now }, usage, readModel: textReader, ...options })
  await registry.start()
  return {
    registry,
    blobs,
    store,
    uses,
    time,
    async upload(files) {
      const { upload } = await registry.createUpload()
      for (const [at, text] of Object.entries(files)) await registry.putFile(upload, at, pieces(text))
      return upload
    },
    async stored() {
      const all: string[] = []
      for await (const digest of blobs.list()) all.push(digest)
      return all.sort()
    },
    [Symbol.asyncDispose]: () => store.close(),
  }
}
