import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { uuidv7 } from '../../kernel/ids.ts'
import type { Logger } from '../../kernel/logger.ts'
import type { Gate } from './gate.ts'
import type { ParquetFiles } from './parquet.ts'
import {
  entries,
  filesOf,
  flushToDisk,
  type LogFile,
  type LogFolders,
  loggedDeployments,
  type Partition,
  parsePieceName,
  partitionPath,
  partitionsOf,
} from './partitions.ts'

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
  logger: Logger
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** Joins the small Parquet files of an hour, and removes old hours. */
export class Merger {
  readonly #options: MergerOptions
  readonly #touched = new Map<string, Partition>()
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
    for (const [path, partition] of this.#touched) {
      const over = now > (partition.hour + 1) * HOUR_MS + LATE_MS
      const files = await filesOf(this.#options.folders, partition)
      const free = files.filter((f) => !live.has(parsePieceName(f.name)?.segment ?? ''))
      const small = free.filter((f) => f.bytes < SMALL_BYTES)
      if (small.length > (over ? 1 : MOST_FILES)) await this.#merge(path, small)
      else if (over && free.length === files.length) this.#touched.delete(path)
    }
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

  async #merge(partition: string, files: LogFile[]): Promise<void> {
    const { folders, parquet, gate } = this.#options
    const sources: LogFile[] = []
    let bytes = 0
    for (const file of files) {
      bytes += file.bytes
      if (bytes <= MERGE_BYTES) sources.push(file)
    }
    const id = uuidv7()
    const temporary = join(folders.temporary, `${id}.parquet`)
    await mkdir(folders.temporary, { recursive: true })
    await mkdir(folders.merges, { recursive: true })
    const { read, written } = await parquet.merge(
      sources.map((f) => f.path),
      temporary,
    )
    if (read !== written) {
      await rm(temporary, { force: true })
      throw new Error(`merging ${partition} read ${read} rows and wrote ${written}; nothing was changed`)
    }
    await flushToDisk(temporary)
    const intention: Intention = { temporary, target: join(folders.parquet, partition, `merged-${id}.parquet`), sources: sources.map((f) => f.path) }
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
