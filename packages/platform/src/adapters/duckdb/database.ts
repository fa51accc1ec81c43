import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { FairleadError } from '@fairlead/contract'

export interface DuckDbOptions {
  /** The one folder whose files can be read and written. */
  folder: string
  /** Default `256MB`; more is spilled to `folder/spill`. */
  memoryLimit?: string
  /** Default 2. */
  threads?: number
  /** The engine is closed after this long without work, which frees its memory. Default one minute. */
  idleMs?: number
  /** A piece of work that takes longer is stopped. Default one minute. */
  timeoutMs?: number
}

/** A text as an SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** A name as an SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Whether the engine gave up because its memory did not suffice. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Out of Memory')
}

/**
 * DuckDB in this process: started at the first use, closed when idle. It sees one folder only, loads no extensions, and its
 * settings are locked, so that even a statement that came through would reach nothing else.
 */
export class DuckDb implements AsyncDisposable {
  readonly #options: Required<DuckDbOptions>
  #instance: Promise<DuckDBInstance> | undefined
  #users = 0
  #idle: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: DuckDbOptions) {
    this.#options = { memoryLimit: '256MB', threads: 2, idleMs: 60_000, timeoutMs: 60_000, ...options }
  }

  /** Whether the engine is loaded now. */
  get running(): boolean {
    return this.#instance !== undefined
  }

  /**
   * Runs work on a connection of its own, because a statement ends the stream of another on the same connection without an error.
   * Throws `deadline-exceeded` when it takes too long.
   */
  async use<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    if (this.#closed) throw new FairleadError('not-ready', 'The analysis engine is shut down')
    clearTimeout(this.#idle)
    this.#users++
    try {
      this.#instance ??= this.#start()
      const instance = await this.#instance.catch((error: unknown) => {
        this.#instance = undefined
        throw error
      })
      const connection = await instance.connect()
      try {
        return await this.#limited(connection, work)
      } finally {
        connection.closeSync()
      }
    } finally {
      this.#users--
      if (this.#users === 0) this.#rest()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    clearTimeout(this.#idle)
    if (this.#users === 0) await this.#stop()
  }

  async #limited<T>(connection: DuckDBConnection, work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    let late = false
    const timer = setTimeout(() => {
      late = true
      connection.interrupt()
    }, this.#options.timeoutMs)
    try {
      return await work(connection)
    } catch (error) {
      if (!late) throw error
      throw new FairleadError('deadline-exceeded', `The question took longer than ${this.#options.timeoutMs / 1000} s; ask for less time or fewer rows`, {
        cause: error,
      })
    } finally {
      clearTimeout(timer)
    }
  }

  async #start(): Promise<DuckDBInstance> {
    const { folder, memoryLimit, threads } = this.#options
    const spill = join(folder, 'spill')
    await mkdir(spill, { recursive: true })
    const instance = await DuckDBInstance.create(':memory:', { threads: String(threads), memory_limit: memoryLimit })
    const connection = await instance.connect()
    try {
      for (const setting of [
        `temp_directory=${literal(spill)}`,
        "TimeZone='UTC'",
        `allowed_directories=[${literal(folder)}]`,
        'autoinstall_known_extensions=false',
        'autoload_known_extensions=false',
        'enable_external_access=false',
        'lock_configuration=true',
      ])
        await connection.run(`SET ${setting}`)
    } finally {
      connection.closeSync()
    }
    return instance
  }

  #rest(): void {
    if (this.#closed) {
      void this.#stop()
      return
    }
    this.#idle = setTimeout(() => void this.#stop(), this.#options.idleMs)
    this.#idle.unref()
  }

  async #stop(): Promise<void> {
    const instance = this.#instance
    this.#instance = undefined
    if (instance) (await instance).closeSync()
  }
}
