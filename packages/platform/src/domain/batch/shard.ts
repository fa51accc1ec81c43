import { closeSync, openSync, writeSync } from 'node:fs'
import { FairleadError } from '@fairlead/contract'
import type { AnswerColumn } from '../inference/index.ts'
import { pickColumns } from './columns.ts'
import { Distribution } from './distribution.ts'
import { checkUnchanged, unwritable } from './files.ts'
import type { JobPlan } from './plan.ts'
import type { BadRow, BatchSource, BatchTarget, PartWriter, SourceBatch } from './ports.ts'
import type { Scorer } from './scorer.ts'
import type { ShardRecord, WorkFolder } from './work-folder.ts'

/** Rows that are read, scored and written at a time. */
const BATCH_ROWS = 8192
const LF = '\n'

export interface ShardOptions {
  plan: JobPlan
  source: BatchSource
  target: BatchTarget
  scorer: Scorer
  work: WorkFolder
  /** Told of rows as they are done; may throw to stop. */
  progress(rows: { done: number; rejected: number }): void
}

/** Does one shard of a job: its part, its rejected rows and its record are there when it returns, or none counts. */
export async function runShard(shard: number, from: number | undefined, options: ShardOptions): Promise<ShardRecord> {
  const { plan, source, work } = options
  const { file: place, piece } = plan.shards[shard]!
  const file = plan.files[place]!
  checkUnchanged(file)
  const ask = { file: file.path, how: file.how, wanted: file.wanted, kept: plan.kept, batchRows: BATCH_ROWS }
  using reader = source.open({ ...ask, piece: from === undefined ? piece : { ...piece, from } })
  const running = new RunningShard(shard, options)
  try {
    for (;;) {
      const batch = await reader.next()
      if (!batch) break
      await running.take(batch)
    }
    checkUnchanged(file)
    const record = { shard, ...reader.read, ...running.end() }
    work.keep(record)
    return record
  } catch (error) {
    running.stop()
    // what is read while somebody writes it looks broken in many ways
    checkUnchanged(file)
    throw error
  }
}

class RunningShard {
  readonly #options: ShardOptions
  readonly #part: PartWriter
  readonly #rejects: Rejects
  readonly #distribution = new Distribution()
  readonly #reasons: Record<string, number> = {}
  readonly #path: string
  #scored = 0
  #rejected = 0

  constructor(shard: number, options: ShardOptions) {
    this.#options = options
    this.#path = options.plan.files.length === 0 ? '' : options.work.path
    this.#part = this.#writing(() => options.target.part(options.work.part(shard)))
    this.#rejects = this.#writing(() => new Rejects(options.work.rejects(shard)))
  }

  async take(batch: SourceBatch): Promise<void> {
    const { table, kept, faults } = batch
    let scored = 0
    const bad = [...faults]
    if (table.rows > 0) {
      const { columns, rows, rejected } = await this.#options.scorer.score(table)
      scored = rows?.length ?? table.rows
      for (const { row, column, code, reason } of rejected)
        bad.push({ row: batch.number(row), line: batch.line(row), column, code, reason, text: batch.text(row) })
      if (scored > 0) this.#write(rows ? pickColumns(kept, rows) : kept, columns, scored)
    }
    if (bad.length > 0) this.#reject(bad)
    this.#scored += scored
    this.#options.progress({ done: scored + bad.length, rejected: bad.length })
  }

  #write(kept: readonly AnswerColumn[], columns: readonly AnswerColumn[], rows: number): void {
    this.#distribution.take(columns, rows)
    this.#writing(() => this.#part.write(outputColumns(kept, columns), rows))
  }

  #reject(bad: BadRow[]): void {
    bad.sort((a, b) => a.row - b.row)
    this.#rejected += bad.length
    for (const { code } of bad) this.#reasons[code] = (this.#reasons[code] ?? 0) + 1
    this.#writing(() => this.#rejects.write(bad))
  }

  end() {
    const facts = this.#writing(() => {
      this.#rejects.end()
      return this.#part.end()
    })
    return { scored: this.#scored, rejected: this.#rejected, reasons: this.#reasons, counted: this.#distribution.counted, facts }
  }

  stop(): void {
    this.#part[Symbol.dispose]()
    this.#rejects.end()
  }

  #writing<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw unwritable(this.#path, error)
    }
  }
}

/** Kept inputs, then predictions; where both have a name, the prediction is called `<name>_2`, because a file may have a name once. */
export function outputColumns(kept: readonly AnswerColumn[], columns: readonly AnswerColumn[]): AnswerColumn[] {
  if (kept.length === 0) return [...columns]
  const taken = new Set(kept.map(({ name }) => name.toLowerCase()))
  const renamed = columns.map((column) => {
    let { name } = column
    for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${column.name}_${n}`
    taken.add(name.toLowerCase())
    return { ...column, name }
  })
  return [...kept, ...renamed]
}

/** Rejected rows of a shard, a line of JSON each. */
class Rejects {
  readonly #path: string
  #file: number | undefined

  constructor(path: string) {
    this.#path = path
    // of an earlier attempt
    closeSync(openSync(path, 'w'))
  }

  write(rows: readonly BadRow[]): void {
    this.#file ??= openSync(this.#path, 'w')
    const bytes = Buffer.from(rows.map((row) => JSON.stringify(row) + LF).join(''))
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at)
  }

  end(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }
}

/** Says that a job has rejected too many rows. */
export function tooManyRejected(rejected: number, rows: number, limit: string | undefined): FairleadError {
  const bound = limit === undefined ? 'every row was' : `at most ${limit} may be`
  return new FairleadError('rows-rejected', `${rejected} of ${rows} rows were rejected, and ${bound}.`)
}
