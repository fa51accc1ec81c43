import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Logger } from '../../kernel/logger.ts'
import type { LogColumn } from './columns.ts'
import { Damage } from './damage.ts'
import { decodeBlock, type LogTable } from './decode.ts'
import { Gate } from './gate.ts'
import { Merger } from './merge.ts'
import { Pace } from './pace.ts'
import type { ParquetFiles } from './parquet.ts'
import { entries, flushToDisk, type LogFolders, logFolders, type Partition, parsePieceName, partitionPath, pieceName } from './partitions.ts'
import { LogSchemas } from './schemas.ts'
import { parseSegmentName } from './segment.ts'
import { readSlice, type Slice } from './segment-reader.ts'

export interface CompactorOptions {
  /** `DIR/log`. */
  root: string
  parquet: ParquetFiles
  /** Whether the process that writes under this name is alive. A process must count as alive before it makes its first segment. */
  isLive: (writer: string) => boolean
  logger: Logger
  /** Pause between passes while running. Default 2 s. */
  intervalMs?: number
  /** Bytes of blocks that are converted at once: bounds the memory. Default 4 MB. */
  stepBytes?: number
  /** Share of the time that converting in the background may take, while nobody waits for it. Default a sixth. */
  share?: number
  /** How long a dead writer's segment must lie unchanged before it is removed. Default 1 s. */
  settleMs?: number
  now?: () => number
}

/** Twice the age at which a writer closes its segment: after this long without a change it is not the open one, whatever the clock did. */
const SUPERSEDED_MS = 10_000
/** With so many segments waiting there is no more resting: what waits takes room on the disk, and time of whoever asks. */
const MOST_WAITING = 32
/** A segment that cannot be converted is tried so often, after pauses that grow from the first of these to the last; then it is set aside. */
const RETRY_MS = [2000, 8000]

interface Segment {
  id: string
  name: string
  path: string
  writer: string
  /** Where reading goes on. */
  offset: number
  /** Size when it was last read to its end; nothing is read while it stays the same. */
  seen: number
  next: Slice['next']
  rest: number
  /** Failures to convert it that were its own fault, and when it is tried again. */
  failures: number
  retryAt: number
  /** It will not be tried again. */
  givenUp: boolean
}

/** What went by since the start. */
export interface CompactorCounters {
  rows: number
  files: number
  /** Bytes of torn blocks at the end of dead writers' segments. */
  tornBytes: number
  /** Segments with a damaged block, or one that cannot be converted; what followed it is set aside in `DIR/log/damaged`. */
  damagedSegments: number
}

/**
 * The work side of the prediction log: turns whole blocks of segments into Parquet files, removes segments that are done, merges
 * small files.
 *
 * Progress is kept in the files' names alone: `<segment>-<from>-<to>-g<generation>.parquet` in a partition says that all of the segment's blocks
 * of this partition before byte `to` are in Parquet. Each file appears whole, by rename, so that a stop between the files of one step
 * leaves each partition with a progress of its own, and the next pass goes on from there: no row is lost or written twice.
 */
export class Compactor {
  readonly folders: LogFolders
  readonly schemas: LogSchemas
  /** Held shared by who reads the Parquet files, alone while files are exchanged. */
  readonly gate = new Gate()
  readonly damage: Damage
  readonly counters: CompactorCounters = { rows: 0, files: 0, tornBytes: 0, damagedSegments: 0 }
  readonly #options: Required<CompactorOptions>
  readonly #merger: Merger
  readonly #pace: Pace
  readonly #segments = new Map<string, Segment>()
  /** By partition path, then by segment: the byte up to which the partition has the segment's blocks. */
  readonly #progress = new Map<string, Map<string, number>>()
  #recovered: Promise<void> | undefined
  #running: Promise<void> | undefined
  #queued: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(options: CompactorOptions) {
    this.#options = { intervalMs: 2000, stepBytes: 4 << 20, share: 1 / 6, settleMs: 1000, now: Date.now, ...options }
    this.#pace = new Pace(this.#options.share)
    this.folders = logFolders(options.root)
    this.schemas = new LogSchemas(this.folders)
    const { parquet, logger } = options
    this.damage = new Damage({ folders: this.folders, gate: this.gate, parquet, logger })
    this.#merger = new Merger({ folders: this.folders, parquet, gate: this.gate, schemas: this.schemas, damage: this.damage, logger })
  }

  /** Repairs what a stop left half done, then converts in passes until disposed. */
  async start(): Promise<void> {
    await this.#recover()
    this.#arm()
  }

  /**
   * Converts all whole blocks that are on disk now, as fast as it goes. Calls that meet share a pass. A segment that cannot be converted
   * is tried again later and then set aside; the others go on.
   */
  flush(): Promise<void> {
    return this.#pace.hurry(() => this.#share())
  }

  #share(): Promise<void> {
    if (this.#queued) return this.#queued
    if (this.#running) {
      this.#queued = this.#running
        .catch(() => undefined)
        .then(() => {
          this.#queued = undefined
          return this.#begin()
        })
      return this.#queued
    }
    return this.#begin()
  }

  /** Merges small files of hours that were written to, and of all hours that are over. */
  async merge(): Promise<void> {
    const live = new Set([...this.#segments.values()].map((s) => s.id))
    await this.#merger.run(live, this.#options.now())
  }

  /** Removes partitions whose hours ended more than `days` days ago; answers how many. */
  async retain(deployment: string, days: number): Promise<number> {
    return this.#merger.removeBefore(deployment, this.#options.now() - days * 86_400_000)
  }

  /** Stops after a last pass. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.flush().catch((error: unknown) => this.#options.logger.error({ error }, 'the prediction log could not be converted'))
  }

  #arm(): void {
    this.#timer = setTimeout(async () => {
      try {
        await this.#share()
        await this.merge()
      } catch (error) {
        this.#options.logger.error({ error }, 'the prediction log could not be converted; trying again')
      }
      if (!this.#stopped) this.#arm()
    }, this.#options.intervalMs)
    this.#timer.unref()
  }

  #begin(): Promise<void> {
    this.#running = this.#pass().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  #recover(): Promise<void> {
    this.#recovered ??= (async () => {
      await this.#merger.recover()
      await this.damage.survey()
      await rm(this.folders.temporary, { recursive: true, force: true })
    })()
    return this.#recovered
  }

  async #pass(): Promise<void> {
    await this.#recover()
    const names = new Set(await entries(this.folders.segments))
    for (const name of this.#segments.keys()) if (!names.has(name)) this.#segments.delete(name)
    const newest = new Map<string, string>()
    for (const name of [...names].sort()) newest.set(parseSegmentName(name)?.writer ?? '', name)
    for (const name of [...names].sort()) {
      const parsed = parseSegmentName(name)
      if (!parsed) continue
      const path = join(this.folders.segments, name)
      const fresh: Segment = { ...parsed, name, path, offset: 0, seen: -1, next: 'more', rest: 0, failures: 0, retryAt: 0, givenUp: false }
      const segment = this.#segments.get(name) ?? fresh
      this.#segments.set(name, segment)
      if (this.#options.now() < segment.retryAt) continue
      try {
        await this.#convert(segment)
        await this.#finish(segment, newest.get(segment.writer) !== name)
      } catch (error) {
        this.#failed(segment, error)
      }
    }
  }

  /** A full disk and the like pass by, and waiting mends them; anything else would fail for ever. */
  #failed(segment: Segment, error: unknown): void {
    const passing = ofTheMachine(error)
    if (!passing) segment.failures++
    const pause = RETRY_MS[segment.failures - 1] ?? RETRY_MS[0]!
    const fields = { error, segment: segment.name, at: segment.offset }
    if (segment.failures > RETRY_MS.length) {
      segment.next = 'bad'
      segment.givenUp = true
      this.#options.logger.error(fields, 'a segment of the prediction log cannot be converted; it is set aside once its writer is done with it')
      return
    }
    segment.retryAt = this.#options.now() + pause
    this.#options.logger.warn(fields, 'a segment of the prediction log could not be converted; trying again')
  }

  async #convert(segment: Segment): Promise<void> {
    const { size } = await stat(segment.path)
    if (size === segment.seen) return
    if (segment.givenUp) {
      segment.seen = size
      segment.rest = size - segment.offset
      return
    }
    do {
      const begun = performance.now()
      const slice = await readSlice(segment.path, segment.offset, this.#options.stepBytes)
      await this.#step(segment, slice)
      segment.offset = slice.to
      segment.next = slice.next
      segment.rest = slice.rest
      if (this.#segments.size < MOST_WAITING) await this.#pace.rest(performance.now() - begun)
    } while (segment.next === 'more')
    segment.seen = size
  }

  /** Converts one slice: a file for each partition that has blocks in it. */
  async #step(segment: Segment, slice: Slice): Promise<void> {
    const byPartition = new Map<string, { partition: Partition; from: number; tables: LogTable[] }>()
    for (const block of slice.blocks) {
      const table = this.#decode(segment, block)
      if (!table) continue
      const partition = { deployment: table.deployment, hour: table.hour }
      const path = partitionPath(partition)
      const done = (await this.#progressOf(path)).get(segment.id) ?? 0
      if (block.at < done) continue
      await nextTurn()
      const group = byPartition.get(path) ?? { partition, from: block.at, tables: [] }
      byPartition.set(path, group)
      group.tables.push({ ...table, vectors: await this.schemas.admit(table.deployment, table.vectors) })
    }
    for (const [path, { partition, from, tables }] of byPartition) {
      const schema = await this.schemas.schema(partition.deployment)
      await this.#publish(path, pieceName(segment.id, { from, to: slice.to, generation: schema.generation }), { tables, columns: schema.columns })
      this.#progress.get(path)!.set(segment.id, slice.to)
      this.#merger.touch(partition)
      this.counters.files++
      this.counters.rows += tables.reduce((sum, table) => sum + table.rows, 0)
    }
  }

  #decode(segment: Segment, block: { at: number; payload: Buffer }): LogTable | undefined {
    try {
      return decodeBlock(block.payload)
    } catch (error) {
      this.counters.damagedSegments++
      this.#options.logger.error(
        { error, segment: segment.name, at: block.at },
        'a block of the prediction log has a whole checksum but cannot be read; skipped',
      )
      return undefined
    }
  }

  async #publish(folder: string, name: string, { tables, columns }: { tables: LogTable[]; columns: LogColumn[] }): Promise<void> {
    const target = join(this.folders.parquet, folder)
    await mkdir(target, { recursive: true })
    await mkdir(this.folders.temporary, { recursive: true })
    const temporary = join(this.folders.temporary, name)
    await this.#options.parquet.write(temporary, tables, columns)
    await flushToDisk(temporary)
    await rename(temporary, join(target, name))
    await flushToDisk(target)
  }

  /** What the files of a partition say about segments; read once, then kept. */
  async #progressOf(path: string): Promise<Map<string, number>> {
    const known = this.#progress.get(path)
    if (known) return known
    const progress = new Map<string, number>()
    for (const name of await entries(join(this.folders.parquet, path))) {
      const piece = parsePieceName(name)
      if (piece) progress.set(piece.segment, Math.max(progress.get(piece.segment) ?? 0, piece.to))
    }
    this.#progress.set(path, progress)
    return progress
  }

  /**
   * Removes a segment of which everything whole is in Parquet and to which nothing more will come: it has its end mark, or its writer
   * is dead, or (a new process under the same name) its writer has gone on to a later segment.
   */
  async #finish(segment: Segment, superseded: boolean): Promise<void> {
    if (segment.next !== 'end') {
      const live = this.#options.isLive(segment.writer)
      if (live && !superseded) return
      const { size, mtimeMs } = await stat(segment.path)
      if (size !== segment.seen || Date.now() - mtimeMs < (live ? SUPERSEDED_MS : this.#options.settleMs)) return
    }
    if (segment.next === 'bad') await this.#setAside(segment)
    else {
      if (segment.next === 'tail' && segment.rest > 0) {
        this.counters.tornBytes += segment.rest
        this.#options.logger.warn({ segment: segment.name, bytes: segment.rest }, 'a torn block at the end of the prediction log was cut off')
      }
      await rm(segment.path, { force: true })
      // A segment that came back after a power cut would be converted again once its pieces are merged.
      await flushToDisk(this.folders.segments)
    }
    this.#segments.delete(segment.name)
    for (const progress of this.#progress.values()) progress.delete(segment.id)
  }

  async #setAside(segment: Segment): Promise<void> {
    this.counters.damagedSegments++
    await this.damage.setAside(segment.path, segment.name)
    const fields = { segment: segment.name, at: segment.offset, bytes: segment.rest }
    this.#options.logger.error(fields, 'a block of the prediction log is damaged or cannot be converted; what follows it in its segment is set aside')
  }
}

/** Whether an error says that the machine, not the segment, is at fault. */
function ofTheMachine(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (/^E[A-Z]+$/.test(code) || code === 'not-ready' || code === 'deadline-exceeded') return true
  return error instanceof Error && /^IO Error|No space left on device|Too many open files/.test(error.message)
}
