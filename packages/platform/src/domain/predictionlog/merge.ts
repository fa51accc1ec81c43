import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { uuidv7 } from '../../kernel/ids.ts'
import type { Logger } from '../../kernel/logger.ts'
import type { Damage } from './damage.ts'
import type { Gate } from './gate.ts'
import type { ParquetFiles } from './parquet.ts'
import {
  entries,
  filesOf,
  flushToDisk,
  generationOf,
  type LogFile,
  type LogFolders,
  loggedDeployments,
  mergedName,
  type Partition,
  parsePieceName,
  partitionPath,
  partitionsOf,
} from './partitions.ts'
import type { LogSchema, LogSchemas } from './schemas.ts'

/** Files larger than this are left alone. */
const SMALL_BYTES = 16 << 20
/** Most bytes that one merge reads. */
const MERGE_BYTES = 64 << 20
/** An hour still written to is merged when it has more small files than this. */
const MOST_FILES = 20
const HOUR_MS = 3_600_000
/** After this long no row of an hour is expected any more. */
const LATE_MS = 5 * 60_000

/** What a merge is about to do: written before the first file is touched, removed after the last. */
interface Intention {
  temporary: string
  target: string
  sources: string[]
}

interface MergerOptions {
  folders: LogFolders
  parquet: ParquetFiles
  gate: Gate
  schemas: LogSchemas
  damage: Damage
  logger: Logger
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/**
 * Joins the small Parquet files of an hour, and removes old hours. Files that were written before a deployment's columns changed are
 * written anew, so that all files of a deployment have the same columns: most readers take those of the first file for all.
 */
export class Merger {
  readonly #options: MergerOptions
  readonly #touched = new Map<string, Partition>()
  /** Hours whose files could not be joined; they stay as they are until the next start. */
  readonly #given = new Set<string>()
  #surveyed = false

  constructor(options: MergerOptions) {
    this.#options = options
  }

  /** Marks an hour as one that may have small files. */
  touch(partition: Partition): void {
    this.#touched.set(partitionPath(partition), partition)
  }

  /** Merges where it is worth it. Pieces of `live` segments are left alone: their names still say how far the segment is read. */
  async run(live: ReadonlySet<string>, now: number): Promise<void> {
    await this.#survey(now)
    const behind = await this.#behind()
    for (const [path, partition] of this.#touched) {
      if (this.#given.has(path)) continue
      const over = now > (partition.hour + 1) * HOUR_MS + LATE_MS
      const schema = await this.#options.schemas.schema(partition.deployment)
      const files = await filesOf(this.#options.folders, partition)
      const free = files.filter((f) => !live.has(parsePieceName(f.name)?.segment ?? ''))
      const old = free.filter((f) => generationOf(f.name) < schema.generation)
      const small = free.filter((f) => f.bytes < SMALL_BYTES)
      if (old.length > 0) await this.#attempt(path, old, schema)
      else if (small.length > (over ? 1 : MOST_FILES)) await this.#attempt(path, small, schema)
      else if (over && free.length === files.length) this.#touched.delete(path)
      if (files.some((f) => generationOf(f.name) < schema.generation)) behind.delete(partition.deployment)
    }
    for (const [deployment, generation] of behind) await this.#options.schemas.settle(deployment, generation)
  }

  /** Finishes merges that a stop cut in two. */
  async recover(): Promise<void> {
    const { merges } = this.#options.folders
    for (const name of await entries(merges)) {
      const path = join(merges, name)
      if (name.endsWith('.json')) {
        const intention = JSON.parse(await readFile(path, 'utf8')) as Intention
        this.#options.logger.info({ target: intention.target, sources: intention.sources.length }, 'finishing an exchange of files in the prediction log')
        // Without the joined file nothing was removed yet: the sources stay.
        if ((await exists(intention.temporary)) || (await exists(intention.target))) await this.#exchange(intention)
      }
      await rm(path, { force: true })
    }
  }

  /** Removes the hours of a deployment that ended before `time`. */
  async removeBefore(deployment: string, time: number): Promise<number> {
    const { folders, gate } = this.#options
    const old = (await partitionsOf(folders, deployment, { until: time })).filter((p) => (p.hour + 1) * HOUR_MS <= time)
    if (old.length === 0) return 0
    await gate.exclusive(async () => {
      for (const partition of old) {
        await rm(join(folders.parquet, partitionPath(partition)), { recursive: true, force: true })
        this.#touched.delete(partitionPath(partition))
      }
    })
    return old.length
  }

  /** Once after the start: hours of the last two days may have been left unmerged. */
  async #survey(now: number): Promise<void> {
    if (this.#surveyed) return
    this.#surveyed = true
    for (const deployment of await loggedDeployments(this.#options.folders)) {
      for (const partition of await partitionsOf(this.#options.folders, deployment, { since: now - 48 * HOUR_MS })) this.touch(partition)
    }
  }

  /** Deployments that may have files of an older schema, with the generation that these are to have. All their hours are looked at. */
  async #behind(): Promise<Map<string, number>> {
    const { folders, schemas } = this.#options
    const behind = new Map<string, number>()
    for (const deployment of await loggedDeployments(folders)) {
      const { generation, settled } = await schemas.schema(deployment)
      if (settled >= generation) continue
      behind.set(deployment, generation)
      for (const partition of await partitionsOf(folders, deployment)) this.touch(partition)
    }
    return behind
  }

  /** Joins files. Where that fails, damaged ones are set aside; if none is, the hour is left as it is, and the other hours go on. */
  async #attempt(path: string, files: LogFile[], schema: LogSchema): Promise<void> {
    try {
      await this.#merge(path, files, schema)
    } catch (error) {
      const damaged = await this.#options.damage.examine(files.map((f) => f.path))
      if (damaged.length > 0) return
      this.#given.add(path)
      this.#options.logger.error({ error, partition: path }, 'files of the prediction log could not be joined; they stay as they are')
    }
  }

  async #merge(partition: string, files: LogFile[], { columns, generation }: LogSchema): Promise<void> {
    const { folders, parquet, gate } = this.#options
    const sources: LogFile[] = []
    let bytes = 0
    for (const file of files) {
      bytes += file.bytes
      if (sources.length === 0 || bytes <= MERGE_BYTES) sources.push(file)
    }
    const id = uuidv7()
    const temporary = join(folders.temporary, `${id}.parquet`)
    await mkdir(folders.temporary, { recursive: true })
    await mkdir(folders.merges, { recursive: true })
    const { read, written } = await parquet.merge(
      sources.map((f) => f.path),
      temporary,
      columns,
    )
    if (read !== written) {
      await rm(temporary, { force: true })
      throw new Error(`merging ${partition} read ${read} rows and wrote ${written}; nothing was changed`)
    }
    await flushToDisk(temporary)
    const intention: Intention = { temporary, target: join(folders.parquet, partition, mergedName(id, generation)), sources: sources.map((f) => f.path) }
    const record = join(folders.merges, `${id}.json`)
    await writeFile(`${record}.tmp`, JSON.stringify(intention))
    await flushToDisk(`${record}.tmp`)
    await rename(`${record}.tmp`, record)
    await flushToDisk(folders.merges)
    await gate.exclusive(() => this.#exchange(intention))
    await rm(record, { force: true })
  }

  /** May be repeated after a stop at any point. */
  async #exchange({ temporary, target, sources }: Intention): Promise<void> {
    await rename(temporary, target).catch((error: NodeJS.ErrnoException) => {
      // Already there: the last run came at least as far.
      if (error.code !== 'ENOENT') throw error
    })
    await flushToDisk(target)
    for (const source of sources) await rm(source, { force: true })
    await flushToDisk(join(target, '..'))
  }
}
