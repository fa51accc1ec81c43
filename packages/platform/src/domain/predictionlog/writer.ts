import { FairleadError } from '@fairlead/contract'
import { uuidv7 } from '../../kernel/ids.ts'
import { LARGE_BYTES } from '../../kernel/memory.ts'
import type { PredictionEvent, ServableRelease, Tensors } from '../inference/index.ts'
import { endFrame } from './block.ts'
import { encodeBlock } from './encode.ts'
import { eventBytes } from './event-bytes.ts'
import { withinLimits } from './limits.ts'
import type { SegmentFile, SegmentFiles } from './segment.ts'
import type { PredictionLogWriter } from './types.ts'

const HOUR_MS = 3_600_000

export interface WriterOptions {
  segments: SegmentFiles
  /** Name of this process, unique among all that ever wrote: `[A-Za-z0-9_-]{1,64}`. */
  writer: string
  /** Longest time that an event waits in memory. Default 200 ms. */
  flushMs?: number
  /** Rows that are written at once, so that no flush takes long. Default 512. */
  flushRows?: number
  /** Rows that may wait in memory while the disk is slow; more are dropped. Default 200,000. */
  maxRows?: number
  /** Bytes of values that may wait in memory. Default 128 MiB. */
  maxBytes?: number
  /** Bytes of values that are written at once; a larger request goes alone. Default 16 MiB. */
  flushBytes?: number
  /** A segment is closed at this size (default 16 MB) or age (default 5 s). */
  segmentBytes?: number
  segmentMs?: number
  /** Told when rows are lost, at most once a second. */
  onDrop?: (rows: number, cause: unknown) => void
  /** Told when values of some columns are too large for the log and left out of rows, at most once a second. */
  onOmit?: (rows: number, columns: readonly string[]) => void
}

interface Waiter {
  resolve: () => void
  reject: (error: unknown) => void
}

interface Open {
  file: SegmentFile
  bytes: number
  since: number
}

/** Groups events that share release and UTC hour, in their order. */
function grouped(events: readonly PredictionEvent[]): { hour: number; events: PredictionEvent[] }[] {
  const groups: { release: ServableRelease; hour: number; events: PredictionEvent[] }[] = []
  let last: (typeof groups)[number] | undefined
  for (const event of events) {
    const { release } = event.answer
    const hour = Math.floor(event.time / HOUR_MS)
    if (last === undefined || last.release !== release || last.hour !== hour) {
      last = groups.find((g) => g.release === release && g.hour === hour)
      if (last === undefined) {
        last = { release, hour, events: [] }
        groups.push(last)
      }
    }
    last.events.push(event)
  }
  return groups
}

function rowsOf(events: readonly PredictionEvent[]): number {
  return events.reduce((sum, event) => sum + event.request.rows, 0)
}

/**
 * The writing side of the prediction log in a serve process. `append` keeps a reference; one pump at a time encodes what is
 * buffered and appends it to a segment of this process's own. All who wait in `synced()` share one flush of the disk.
 * A failed write loses its rows (they are counted, and those who wait are told) and never stops predictions.
 */
export class SegmentLogWriter implements PredictionLogWriter {
  readonly counters = { rows: 0, dropped: 0, bytes: 0, omitted: 0 }
  readonly #options: Required<Omit<WriterOptions, 'onDrop' | 'onOmit'>> & Pick<WriterOptions, 'onDrop' | 'onOmit'>
  #buffer: PredictionEvent[] = []
  /** About how many bytes each event of the buffer takes. */
  #sizes: number[] = []
  #bufferedRows = 0
  #bufferedBytes = 0
  #waiters: Waiter[] = []
  #open: Open | undefined
  #pumping: Promise<void> | undefined
  #scheduled = false
  #timer: NodeJS.Timeout | undefined
  #rollTimer: NodeJS.Timeout | undefined
  #closed = false
  /** A flush fell due while the pump was at work. */
  #due = false
  #lastWarned = 0
  #lastOmitted = Number.NEGATIVE_INFINITY
  #unsaid = 0

  constructor(options: WriterOptions) {
    const sizes = { flushRows: 512, maxRows: 200_000, flushBytes: 16 << 20, maxBytes: 128 << 20, segmentBytes: 16 << 20 }
    this.#options = { flushMs: 200, segmentMs: 5000, ...sizes, ...options }
  }

  /** Whether so much waits that what comes is dropped. */
  get #full(): boolean {
    return this.#bufferedRows >= this.#options.maxRows || this.#bufferedBytes >= this.#options.maxBytes
  }

  /** Whether so much waits that it is written without waiting for more. */
  get #ripe(): boolean {
    return this.#bufferedRows >= this.#options.flushRows || this.#bufferedBytes >= this.#options.flushBytes
  }

  append(whole: PredictionEvent): void {
    const { event, omitted } = withinLimits(whole)
    if (omitted.length > 0) this.#omit(event.request.rows, omitted)
    if (this.#closed || this.#full) {
      this.#drop(event.request.rows, this.#closed ? 'the writer is closed' : 'the disk does not keep up')
      return
    }
    this.#buffer.push(owned(event))
    const bytes = eventBytes(event)
    this.#sizes.push(bytes)
    this.#bufferedRows += event.request.rows
    this.#bufferedBytes += bytes
    if (this.#ripe) this.#schedule()
    else if (this.#timer === undefined) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined
        this.#pump()
      }, this.#options.flushMs)
    }
  }

  synced(): Promise<void> {
    if (this.#closed) return Promise.reject(unavailable('the writer is closed'))
    if (this.#full) return Promise.reject(unavailable('the disk does not keep up'))
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject })
      this.#schedule()
    })
  }

  /** Writes what is buffered, closes the segment. Later events are dropped. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    clearTimeout(this.#rollTimer)
    await this.#pumping
    while (this.#buffer.length > 0 || this.#waiters.length > 0) await this.#turn()
    await this.#roll().catch(() => undefined)
  }

  /** After the events at hand have been dealt with, so that they travel together. */
  #schedule(): void {
    if (this.#scheduled || this.#pumping !== undefined) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#pump()
    })
  }

  #pump(): void {
    if (this.#pumping !== undefined) {
      this.#due = true
      return
    }
    this.#pumping = this.#drain().finally(() => {
      this.#pumping = undefined
      if (this.#due || this.#waiters.length > 0) this.#schedule()
    })
  }

  async #drain(): Promise<void> {
    do {
      this.#due = false
      await this.#turn()
    } while (!this.#closed && (this.#due || this.#waiters.length > 0 || this.#ripe))
  }

  /** One write, and one flush of the disk where somebody waits for it. */
  async #turn(): Promise<void> {
    const events = this.#take()
    const waiters = this.#buffer.length === 0 ? this.#waiters.splice(0) : []
    try {
      if (events.length > 0) await this.#write(events)
      if (waiters.length > 0) await this.#open?.file.sync()
      for (const waiter of waiters) waiter.resolve()
      const open = this.#open
      if (open && (open.bytes >= this.#options.segmentBytes || Date.now() - open.since >= this.#options.segmentMs)) await this.#roll()
    } catch (error) {
      const failure = unavailable('writing failed', error)
      // Those who came meanwhile may wait for rows of this very write.
      for (const waiter of [...waiters, ...this.#waiters.splice(0)]) waiter.reject(failure)
      await this.#abandon()
    }
  }

  /** Takes events up to the size of one write. */
  #take(): PredictionEvent[] {
    const { flushRows, flushBytes } = this.#options
    let rows = 0
    let bytes = 0
    let n = 0
    while (n < this.#buffer.length && rows < flushRows && (n === 0 || bytes + this.#sizes[n]! <= flushBytes)) {
      rows += this.#buffer[n]!.request.rows
      bytes += this.#sizes[n++]!
    }
    const events = n === this.#buffer.length ? this.#buffer : this.#buffer.slice(0, n)
    this.#buffer = n === this.#buffer.length ? [] : this.#buffer.slice(n)
    this.#sizes = this.#sizes.slice(n)
    this.#bufferedRows -= rows
    this.#bufferedBytes -= bytes
    return events
  }

  async #write(events: PredictionEvent[]): Promise<void> {
    const rows = rowsOf(events)
    try {
      const frames = grouped(events).map((group) => encodeBlock(group.events, group.hour))
      this.#open ??= await this.#create()
      await this.#open.file.write(frames)
      const bytes = frames.reduce((sum, frame) => sum + frame.byteLength, 0)
      this.#open.bytes += bytes
      this.counters.bytes += bytes
      this.counters.rows += rows
    } catch (error) {
      this.#drop(rows, error)
      throw error
    }
  }

  async #create(): Promise<Open> {
    const file = await this.#options.segments.create(uuidv7(), this.#options.writer)
    clearTimeout(this.#rollTimer)
    // A segment closes by age also when nothing follows, so that it can be converted and removed.
    this.#rollTimer = setTimeout(() => this.#pump(), this.#options.segmentMs + 10)
    this.#rollTimer.unref()
    return { file, bytes: 0, since: Date.now() }
  }

  /**
   * Closes the segment with its end mark. Without the mark it still counts, as one whose writer died. It is flushed first, because
   * somebody may begin to wait for its rows when it is no longer the open one.
   */
  async #roll(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    if (!open) return
    await open.file.sync()
    await open.file.write([endFrame()]).catch(() => open.file.truncate(open.bytes).catch(() => undefined))
    await open.file.close().catch(() => undefined)
  }

  /** After a failure: cut what was written in part and go on with another segment, because a torn block hides all behind it. */
  async #abandon(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    if (!open) return
    await open.file.truncate(open.bytes).catch(() => undefined)
    if (open.bytes > 0) await open.file.write([endFrame()]).catch(() => undefined)
    await open.file.close().catch(() => undefined)
    if (open.bytes === 0) await open.file.discard().catch(() => undefined)
  }

  #omit(rows: number, columns: readonly string[]): void {
    this.counters.omitted += rows
    if (performance.now() - this.#lastOmitted < 1000) return
    this.#lastOmitted = performance.now()
    this.#options.onOmit?.(rows, columns)
  }

  #drop(rows: number, cause: unknown): void {
    this.counters.dropped += rows
    this.#unsaid += rows
    if (Date.now() - this.#lastWarned < 1000) return
    this.#lastWarned = Date.now()
    this.#options.onDrop?.(this.#unsaid, cause)
    this.#unsaid = 0
  }
}

/** The event with copies of its large numbers: their memory goes back when the request is answered. */
function owned(event: PredictionEvent): PredictionEvent {
  const { request, answer } = event
  const [inputs, outputs] = [ownedTensors(request.inputs), ownedTensors(answer.outputs)]
  if (inputs === request.inputs && outputs === answer.outputs) return event
  return { ...event, request: { ...request, inputs }, answer: { ...answer, outputs } }
}

function ownedTensors(tensors: Tensors): Tensors {
  let copies = tensors
  for (const name in tensors) {
    const { data } = tensors[name]!
    if (Array.isArray(data) || data.byteLength < LARGE_BYTES) continue
    if (copies === tensors) copies = { ...tensors }
    copies[name] = { ...tensors[name]!, data: data.slice() }
  }
  return copies
}

function unavailable(detail: string, cause?: unknown): FairleadError {
  const reason = cause instanceof Error ? `${detail}: ${cause.message}` : detail
  return new FairleadError('log-unavailable', `The prediction log cannot be written: ${reason}`, { cause, retryAfter: 1 })
}
