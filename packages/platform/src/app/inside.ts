import { once } from 'node:events'
import { dirname, relative } from 'node:path/posix'
import { Worker } from 'node:worker_threads'
import { FairleadError, type Row, writeJson } from '@fairlead/contract'
import type { FileBlobStore } from '../adapters/files/index.ts'
import type { Registry } from '../domain/registry/index.ts'
import { atOnce } from '../kernel/at-once.ts'
import type { lookInside } from '../model/compiled/inside.ts'
import type { GraphFile } from '../model/onnx/compare.ts'
import { compareSignatures } from '../model/signature/compare.ts'
import type { InsideSource } from '../transport/control/index.ts'
import type { FormStore } from './form-store.ts'
import type { InsideAsk } from './inside-answers.ts'

/** Rows on which two versions are compared. */
const MOST_ROWS = 200
/** Bytes of forms up to which they are looked into where one is: that takes some milliseconds. */
const HERE_BYTES = 2_000_000
/** Questions that are worked on at a time: each may hold two large models and a thread. */
const AT_ONCE = 2
const MAIN = new URL(import.meta.url.endsWith('.ts') ? './inside-main.ts' : './inside-main.js', import.meta.url)

export interface InsideOptions {
  registry: Pick<Registry, 'getVersion' | 'entryOf' | 'goldenOf'>
  blobs: Pick<FileBlobStore, 'read'>
  forms: FormStore
}

/** Looks into models that are read into forms; large ones in a thread, where they hold nobody up. */
export function modelInside({ registry, blobs, forms }: InsideOptions): InsideSource {
  const formOf = async (name: string, version: number): Promise<Uint8Array> => {
    const { digest, format, facts, files } = await registry.getVersion(name, version)
    if (format === 'python') throw new FairleadError('model-part-unsupported', `${name}:${version} is run by Python, and what it is made of is not known here.`)
    const entry = await registry.entryOf(name, version)
    const file = files.find(({ path }) => path === entry)
    if (!file) throw new Error(`${name}:${version} has no file ${entry}`)
    const model = { name, version, digest, format, ...(facts.reading ? { reading: facts.reading } : {}) }
    return await forms.bytes({ model, entry }, () => blobs.read(file.digest))
  }
  /** An ONNX model's file, with the digests of those beside it. */
  const graphOf = async (name: string, version: number): Promise<GraphFile | undefined> => {
    const { format, files } = await registry.getVersion(name, version)
    const entry = await registry.entryOf(name, version)
    const file = files.find(({ path }) => path === entry)
    if (format !== 'onnx' || !file) return undefined
    const folder = dirname(entry)
    const beside = new Map(files.map(({ path, digest }) => [relative(folder, path), digest]))
    return { bytes: await blobs.read(file.digest), beside }
  }
  /** Rows that came with the versions, each once. */
  const rowsOf = async (name: string, versions: readonly number[]): Promise<Row[]> => {
    const rows = new Map<string, Row>()
    for (const version of versions) {
      const { example = [] } = await registry.getVersion(name, version)
      for (const row of [...example, ...((await registry.goldenOf(name, version))?.rows ?? [])]) if (rows.size < MOST_ROWS) rows.set(writeJson(row), row)
    }
    return [...rows.values()]
  }
  const limited = atOnce(AT_ONCE)
  return {
    async tree(model, version, ask) {
      const answer = await limited(async () => answered({ kind: 'tree', form: await formOf(model, version), ask }))
      if ('tree' in answer) return answer.tree
      throw new FairleadError('tree-unknown', `${model}:${version} has no such tree: ${'refused' in answer ? answer.refused : ''}.`)
    },
    async compare(model, before, after) {
      const [{ signature: was }, { signature: is }] = [await registry.getVersion(model, before), await registry.getVersion(model, after)]
      const rows = await rowsOf(model, [before, after])
      const asked = rows.length > 0 ? { asked: { signatures: [was, is] as const, rows } } : {}
      const answer = await limited(async () => {
        try {
          return await answered({ kind: 'comparison', before: await formOf(model, before), after: await formOf(model, after), ...asked })
        } catch (error) {
          if (!(error instanceof FairleadError && error.code === 'model-part-unsupported')) throw error
          const files = await Promise.all([graphOf(model, before), graphOf(model, after)])
          if (!files.every((file) => file !== undefined)) throw error
          return await answered({ kind: 'graphs', before: files[0]!, after: files[1]! })
        }
      })
      if ('comparison' in answer) return { ...answer.comparison, signature: compareSignatures(was, is) }
      throw new Error('the comparison was not answered')
    },
  }
}

function bytesOf(task: InsideAsk): number {
  if (task.kind === 'tree') return task.form.length
  return task.kind === 'graphs' ? task.before.bytes.length + task.after.bytes.length : task.before.length + task.after.length
}

type Answer = ReturnType<typeof lookInside>

async function answered(task: InsideAsk): Promise<Answer> {
  const bytes = bytesOf(task)
  if (bytes <= HERE_BYTES) return await (await import('./inside-answers.ts')).lookInsideAnswers(task)
  const thread = new Worker(MAIN, { workerData: task, name: 'inside' })
  try {
    const [answer] = (await once(thread, 'message')) as [Answer]
    return answer
  } finally {
    await thread.terminate()
  }
}
