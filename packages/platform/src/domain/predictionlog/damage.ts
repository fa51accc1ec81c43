import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '../../kernel/logger.ts'
import type { Gate } from './gate.ts'
import type { ParquetFiles } from './parquet.ts'
import { entries, type LogFolders } from './partitions.ts'

interface DamageOptions {
  folders: LogFolders
  gate: Gate
  parquet: ParquetFiles
  logger: Logger
}

/** What of the log cannot be read: it is moved to `DIR/log/damaged`, so that the rest goes on without it and nothing is lost for who can mend it. */
export class Damage {
  readonly #options: DamageOptions
  #count = 0

  constructor(options: DamageOptions) {
    this.#options = options
  }

  /** Files set aside, also those of earlier runs, until somebody takes them away. */
  get count(): number {
    return this.#count
  }

  /** Counts what lies there. */
  async survey(): Promise<void> {
    this.#count = (await entries(this.#options.folders.damaged)).length
  }

  /** Moves a file aside under a name. */
  async setAside(path: string, name: string): Promise<void> {
    const { damaged } = this.#options.folders
    await mkdir(damaged, { recursive: true })
    await rename(path, join(damaged, name))
    await this.survey()
  }

  /**
   * Reads each of the Parquet files whole and sets aside those that cannot be read; answers their paths. Not to be called by who
   * holds the gate.
   */
  async examine(paths: readonly string[]): Promise<string[]> {
    const found: string[] = []
    for (const path of paths) {
      const reason = await this.#options.parquet.damage(path)
      if (reason === undefined) continue
      // where the file lay is part of its name, so that it can be put back
      const name = path.slice(this.#options.folders.parquet.length + 1).replaceAll('/', '+')
      await this.#options.gate.exclusive(() => this.setAside(path, name))
      this.#options.logger.error({ file: path, reason }, 'a file of the prediction log is damaged; it is set aside, and the rest of the log goes on without it')
      found.push(path)
    }
    return found
  }
}
