import { createWriteStream, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync, type WriteStream } from 'node:fs'
import { dirname, join } from 'node:path'

export interface LogFileOptions {
  /** A file that would grow past it is put aside (default 16 MB). */
  mostBytes?: number
  /** Files put aside that are kept, `.1` the newest (default 3). */
  kept?: number
}

/** A disk that refuses is asked again after this long; what is said meanwhile is lost. */
const PAUSE_MS = 5000

/** A file that lines are added to, of bounded size: full ones are put aside, and the oldest of those removed. One process may write it. */
export class LogFile {
  readonly #path: string
  readonly #mostBytes: number
  readonly #kept: number
  #stream: WriteStream | undefined
  #bytes = 0
  #pausedUntil = 0

  constructor(path: string, { mostBytes = 16 << 20, kept = 3 }: LogFileOptions = {}) {
    this.#path = path
    this.#mostBytes = mostBytes
    this.#kept = kept
  }

  /** Adds a line. Never throws and never waits. */
  write(line: string): void {
    const size = Buffer.byteLength(line)
    try {
      if (this.#stream && this.#bytes + size > this.#mostBytes) this.#putAside()
      const stream = this.#stream ?? this.#open(size)
      stream?.write(line)
      this.#bytes += size
    } catch {
      this.#rest()
    }
  }

  /** Settles when everything written is with the system. */
  close(): Promise<void> {
    const stream = this.#stream
    this.#stream = undefined
    return new Promise((resolve) => (stream ? stream.end(() => resolve()) : resolve()))
  }

  #open(size: number): WriteStream | undefined {
    if (performance.now() < this.#pausedUntil) return undefined
    mkdirSync(dirname(this.#path), { recursive: true })
    this.#bytes = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0
    if (this.#bytes > 0 && this.#bytes + size > this.#mostBytes) this.#putAside()
    // opened here and now, so that the file is there when it is put aside
    const stream = createWriteStream(this.#path, { fd: openSync(this.#path, 'a', 0o600) })
    stream.on('error', () => {
      if (this.#stream === stream) this.#rest()
    })
    this.#stream = stream
    return stream
  }

  #putAside(): void {
    // what it has not written yet goes to the same file under its new name
    this.#stream?.end()
    this.#stream = undefined
    this.#bytes = 0
    rmSync(`${this.#path}.${this.#kept}`, { force: true })
    for (let n = this.#kept - 1; n >= 1; n--) moveIfThere(`${this.#path}.${n}`, `${this.#path}.${n + 1}`)
    moveIfThere(this.#path, `${this.#path}.1`)
  }

  #rest(): void {
    this.#stream?.destroy()
    this.#stream = undefined
    this.#pausedUntil = performance.now() + PAUSE_MS
  }
}

function moveIfThere(from: string, to: string): void {
  if (statSync(from, { throwIfNoEntry: false })) renameSync(from, to)
}

/** Removes the files that versions before named after each start of a serve process, and never took away. */
export function removeOldLogs(folder: string): void {
  for (const name of readdirSync(folder)) if (/^serve-\d+-[0-9a-z]+-\d+\.ndjson(\.1)?$/.test(name)) rmSync(join(folder, name), { force: true })
}
