import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Counted } from './distribution.ts'
import type { PieceRead } from './ports.ts'

/** What became of a shard. It is there exactly when its part is whole. */
export interface ShardRecord extends PieceRead {
  shard: number
  scored: number
  rejected: number
  reasons: Record<string, number>
  counted: Counted[]
  /** What the target needs to join the part. */
  facts: unknown
}

/**
 * Where a job keeps what is done, beside its output: the plan, and for each shard its part, its rejected rows and, written last by rename, its
 * record. Whatever a kill leaves half done has no record, and is done again.
 */
export class WorkFolder {
  readonly path: string

  constructor(output: string, job: string) {
    this.path = join(dirname(output), `.${basename(output)}.${job}.fairlead`)
  }

  make(): void {
    mkdirSync(this.path, { recursive: true })
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 3 })
  }

  at(name: string): string {
    return join(this.path, name)
  }

  part(shard: number): string {
    return this.at(`${shard}.part`)
  }

  rejects(shard: number): string {
    return this.at(`${shard}.rejected`)
  }

  /** Writes a file so that it is there whole or not at all. */
  write(name: string, value: unknown): void {
    const path = this.at(name)
    const building = `${path}.tmp`
    writeFileSync(building, JSON.stringify(value), { flush: true })
    renameSync(building, path)
  }

  read<T>(name: string): T | undefined {
    try {
      return JSON.parse(readFileSync(this.at(name), 'utf8')) as T
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
      throw error
    }
  }

  keep(record: ShardRecord): void {
    this.write(`${record.shard}.done`, record)
  }

  /** Forgets a shard, so that it is done again. */
  forget(shard: number): void {
    rmSync(this.at(`${shard}.done`), { force: true })
  }

  /** The shards that are done. */
  done(): Map<number, ShardRecord> {
    const names = readdirSync(this.path).filter((name) => name.endsWith('.done'))
    return new Map(names.map((name) => this.read<ShardRecord>(name)!).map((record) => [record.shard, record]))
  }
}

/** Makes sure that a rename is on the disk. */
export function flushFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
