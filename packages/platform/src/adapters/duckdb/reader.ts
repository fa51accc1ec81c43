import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
import { FairleadError, NAME_PATTERN } from '@fairlead/contract'
import type { PredictionPage } from '@fairlead/contract/control'
import type { SeenCaller } from '../../domain/deployment/index.ts'
import { parseExpression } from '../../domain/pipeline/index.ts'
import { type Compactor, filesOf, type LogColumn, type Partition, type PredictionQuery, partitionsOf } from '../../domain/predictionlog/index.ts'
import { uuidv7 } from '../../kernel/ids.ts'
import { cursorOf, positionOf } from '../../kernel/page.ts'
import { type DuckDb, identifier, isOutOfMemory, literal } from './database.ts'
import { readParquet } from './parquet-files.ts'
import { duckType, jsonReader } from './types.ts'
import { compileWhere } from './where.ts'

/** Most rows of a page. */
const PAGE_ROWS = 10_000
/** A page ends early when its values have so many bytes. */
const PAGE_BYTES = 8 << 20
/** After values of so many bytes, whoever else runs in this process gets a turn. */
const TURN_BYTES = 1 << 18
/** The order of rows: by time, and within a request as they stood in it. Callers may give several requests one id, hence the rest. */
const ORDER = ['_time', '_request', '_row', '_total_ms', '_parse_ms', '_id'] as const

/** Where a page ended: time, request and row of its last row, and how many rows with these three have been given out. */
type Position = [time: number, request: string, row: number, given: number]

/** Rows that a page has at least where sorting all that were asked for takes too much memory. */
const FEW_ROWS = 20
/** What the engine says of a wrong statement; anything else may be the fault of a file. */
const OF_THE_QUESTION = /^(Parser|Binder|Catalog|Conversion|Permission) Error|^INTERRUPT/

/** Callers that are told of, and bytes of the files in which they are looked for. */
const MOST_CALLERS = 500
const CALLER_BYTES = 128 << 20

/** Whose callers are wanted, since when, and the columns of which they are asked whether they send them. */
export interface CallerQuestion {
  deployment: string
  /** Milliseconds since 1970. */
  since: number
  columns: readonly string[]
}

/** A file made for somebody; disposing removes it. */
export interface ExportedFile extends AsyncDisposable {
  path: string
  rows: number
  bytes: number
}

/** What a deployment's log holds. */
export interface LogStats {
  bytes: number
  files: number
  /** Milliseconds since 1970; null when there is no prediction. */
  lastAt: number | null
}

export interface ReaderOptions {
  duck: DuckDb
  compactor: Compactor
}

interface Plan {
  columns: LogColumn[]
  condition: string
  parameters: DuckDBValue[]
  partitions: Partition[]
  /** Where the page before ended. */
  from: Position | undefined
}

/** Answers questions to the prediction log. Whatever a serve process has put on disk is seen, because segments are converted first. */
export class PredictionLogReader {
  readonly #duck: DuckDb
  readonly #compactor: Compactor

  constructor({ duck, compactor }: ReaderOptions) {
    this.#duck = duck
    this.#compactor = compactor
  }

  /**
   * A page of rows in order of time, at most 10,000 of them however many are asked for, and fewer where they are large. Hours are read
   * from the wanted end on until the page is full. Damaged files are set aside, and the rest is answered. Throws `expression-invalid` for `where`, `request-invalid` for a `next` that was not made here, `deadline-exceeded`.
   */
  async query(query: PredictionQuery): Promise<PredictionPage> {
    await this.#compactor.flush()
    return this.#withoutDamage(query, async (plan) => {
      const limit = Math.min(query.limit, PAGE_ROWS)
      const { rows, more } = await this.#firstRows(plan, query.order, limit + 1)
      const items = rows.slice(0, limit).map((row) => Object.fromEntries(plan.columns.map((c, i) => [c.name, row[i]])))
      const end = endOf(items, plan.from)
      return {
        columns: plan.columns.map((c) => ({ name: c.name, type: typeName(c), role: c.role })),
        items,
        next: more || rows.length > limit ? end : null,
        end: end ?? query.next ?? null,
      }
    })
  }

  /** Answers a question. Where a damaged file is in its way, that is set aside and the question answered without it. */
  async #withoutDamage<T>(query: PredictionQuery, answer: (plan: Plan) => Promise<T>): Promise<T> {
    const { gate, damage } = this.#compactor
    const attempt = () => gate.shared(async () => answer(await this.#plan(query)))
    try {
      return await attempt()
    } catch (error) {
      if (error instanceof FairleadError) throw error
      if (isOutOfMemory(error))
        throw new FairleadError('log-too-large', 'The rows do not fit the memory of the analysis engine; ask for less time, or a smaller limit.', {
          cause: error,
        })
      if (!(error instanceof Error) || OF_THE_QUESTION.test(error.message)) throw error
      const paths = await gate.shared(async () => this.#paths((await this.#plan(query)).partitions))
      const named = paths.filter((path) => error.message.includes(path))
      const found = [...(await damage.examine(named)), ...(named.length === 0 ? await damage.examine(paths) : [])]
      if (found.length === 0) throw error
      return attempt().catch((again: unknown) => {
        if (again instanceof FairleadError) throw again
        throw new FairleadError('log-damaged', `Files of the log were damaged and are set aside in log/damaged: ${found.join(', ')}. More may be.`, {
          cause: again,
        })
      })
    }
  }

  /** Whether anything was ever logged under a name. */
  async has(deployment: string): Promise<boolean> {
    await this.#compactor.flush()
    return (await this.#compactor.schemas.columns(deployment)).length > 0
  }

  /** Writes the rows of a question as a file in the log's folder. `limit` bounds the rows; `next` goes on where a page ended. */
  async export(query: PredictionQuery, format: 'csv' | 'parquet'): Promise<ExportedFile> {
    await this.#compactor.flush()
    return this.#withoutDamage(query, async (plan) => {
      const { temporary } = this.#compactor.folders
      await mkdir(temporary, { recursive: true })
      const path = join(temporary, `export-${uuidv7()}.${format}`)
      const paths = await this.#paths(plan.partitions)
      const limit = Number.isFinite(query.limit) ? `LIMIT ${Math.trunc(query.limit)}` : ''
      const rows = `${selectFrom(plan, paths)} ORDER BY ${orderBy(query.order)} ${limit} OFFSET ${plan.from?.[3] ?? 0}`
      const copy =
        format === 'csv'
          ? `COPY (${forReading(rows, plan.columns)}) TO ${literal(path)} (FORMAT csv, HEADER)`
          : `COPY (${rows}) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`
      const result = await this.#duck.use((c) => c.runAndReadAll(copy, plan.parameters))
      const { size } = await stat(path)
      return { path, rows: Number(result.getRows()[0]?.[0]), bytes: size, [Symbol.asyncDispose]: () => rm(path, { force: true }) }
    })
  }

  /**
   * Who asked a deployment since a time, by interface, the latest first, and in how many rows each of some input columns had a value. The
   * newest files are read, up to a bound of their bytes; a column that the log has not is not among those that are given.
   */
  async callers({ deployment, since, columns }: CallerQuestion): Promise<SeenCaller[]> {
    await this.#compactor.flush()
    return this.#withoutDamage({ deployment, since, limit: MOST_CALLERS, order: 'newest' }, async (plan) => {
      const asked = plan.columns.filter(({ name, role }) => role === 'input' && columns.includes(name))
      const paths = await this.#newestPaths(plan.partitions, CALLER_BYTES)
      if (plan.columns.length === 0 || paths.length === 0) return []
      const counts = asked.map(({ name }) => `, count(${identifier(name)})`).join('')
      const sql = `SELECT "_caller", "_interface", epoch_ms(max("_time")), count(*)${counts} FROM (${selectFrom(plan, paths)}) GROUP BY 1, 2 ORDER BY 3 DESC LIMIT ${MOST_CALLERS}`
      const result = await this.#duck.use((c) => c.runAndReadAll(sql, plan.parameters))
      return result.getRows().map(([caller, by, lastAt, rows, ...given]) => ({
        caller: String(caller),
        interface: String(by),
        lastAt: Number(lastAt),
        rows: Number(rows),
        given: new Map(asked.map(({ name }, at) => [name, Number(given[at])])),
      }))
    })
  }

  /** Files of the newest hours, until they have so many bytes. */
  async #newestPaths(partitions: readonly Partition[], most: number): Promise<string[]> {
    const paths: string[] = []
    let bytes = 0
    for (const partition of partitions.toReversed()) {
      for (const file of await filesOf(this.#compactor.folders, partition)) {
        paths.push(file.path)
        bytes += file.bytes
      }
      if (bytes >= most) break
    }
    return paths
  }

  /** Size of a deployment's log and time of its last row. */
  async stats(deployment: string): Promise<LogStats> {
    return this.#compactor.gate.shared(async () => {
      const partitions = await partitionsOf(this.#compactor.folders, deployment)
      const files = (await Promise.all(partitions.map((p) => filesOf(this.#compactor.folders, p)))).flat()
      const newest = partitions.at(-1)
      const stats: LogStats = { bytes: files.reduce((sum, f) => sum + f.bytes, 0), files: files.length, lastAt: null }
      const paths = newest === undefined ? [] : await this.#paths([newest])
      if (paths.length === 0) return stats
      const result = await this.#duck.use((c) => c.runAndReadAll(`SELECT epoch_ms(max("_time")) FROM ${readParquet(paths)}`))
      const last = result.getRows()[0]?.[0]
      return { ...stats, lastAt: last === null || last === undefined ? null : Number(last) }
    })
  }

  async #plan(query: PredictionQuery): Promise<Plan> {
    // The name becomes part of paths.
    if (!NAME_PATTERN.test(query.deployment)) throw new FairleadError('deployment-unknown', `There is no deployment "${query.deployment}"`)
    const columns = await this.#compactor.schemas.columns(query.deployment)
    const conditions: string[] = []
    const parameters: DuckDBValue[] = []
    const bind = (sql: string, ...values: DuckDBValue[]) => {
      conditions.push(sql)
      parameters.push(...values)
    }
    // An empty log has no columns to check the expression against; its grammar is checked all the same.
    if (query.where !== undefined && columns.length === 0) parseExpression(query.where)
    else if (query.where !== undefined) {
      const where = compileWhere(query.where, columns)
      bind(`(${where.sql})`, ...where.parameters)
    }
    if (query.since !== undefined) bind(`"_time" >= epoch_ms(${Math.trunc(query.since)})`)
    if (query.until !== undefined) bind(`"_time" < epoch_ms(${Math.trunc(query.until)})`)
    if (query.release !== undefined) bind(`"_release" = ${Math.trunc(query.release)}`)
    if (query.id !== undefined) bind(`("_id" = ? OR "_request" = ? OR starts_with("_id", ? || '/'))`, query.id, query.id, query.id)
    const range = { since: query.since, until: query.until }
    const from = positionOf(query.next, isPosition)
    if (from !== undefined) {
      const [time, request, row] = from
      const sign = query.order === 'newest' ? '<' : '>'
      const exact = `("_request", "_row") ${sign}= (CAST(? AS VARCHAR), CAST(? AS INTEGER))`
      bind(`"_time" ${sign}= epoch_ms(${time}) AND ("_time" ${sign} epoch_ms(${time}) OR ${exact})`, request, row)
      if (query.order === 'newest') range.until = Math.min(range.until ?? Number.POSITIVE_INFINITY, time + 1)
      else range.since = Math.max(range.since ?? 0, time)
    }
    const partitions = await partitionsOf(this.#compactor.folders, query.deployment, range)
    return { columns, condition: conditions.join(' AND ') || 'TRUE', parameters, partitions, from }
  }

  /** The first `count` rows behind where the page before ended, reading ever more hours at once; `more` where the bytes of a page were full before. */
  async #firstRows(plan: Plan, order: PredictionQuery['order'], count: number): Promise<{ rows: unknown[][]; more: boolean }> {
    const hours = order === 'newest' ? plan.partitions.toReversed() : plan.partitions
    const page = new Page(plan.from?.[3] ?? 0)
    for (let at = 0, step = 1; at < hours.length && page.rows.length < count; at += step, step = Math.min(64, step * 2)) {
      const paths = await this.#paths(hours.slice(at, at + step))
      if (paths.length === 0) continue
      const wanted = count - page.rows.length
      const sql = (limit: number) => `${selectFrom(plan, paths)} ORDER BY ${orderBy(order)} LIMIT ${limit + page.skip}`
      const read = (limit: number) => this.#duck.use((c) => page.take(c, sql(limit), plan.parameters))
      const before = page.rows.length
      try {
        await read(wanted)
      } catch (error) {
        if (!isOutOfMemory(error) || wanted <= FEW_ROWS || page.rows.length > before) throw error
        // long lists: fewer of them are sorted in the memory that there is
        await read(FEW_ROWS)
        return { rows: page.rows, more: true }
      }
      if (page.full) return { rows: page.rows, more: true }
    }
    return { rows: page.rows, more: false }
  }

  async #paths(partitions: readonly Partition[]): Promise<string[]> {
    const files = await Promise.all(partitions.map((p) => filesOf(this.#compactor.folders, p)))
    return files.flat().map((f) => f.path)
  }
}

/** Rows as they are answered, gathered until they have the bytes of a page. */
class Page {
  readonly rows: unknown[][] = []
  full = false
  /** Rows still to be left out, because the page before had them. */
  skip: number
  #bytes = 0

  constructor(skip: number) {
    this.skip = skip
  }

  /** Takes the rows of a statement, in turns. */
  async take(connection: DuckDBConnection, sql: string, parameters: DuckDBValue[]): Promise<void> {
    const result = await connection.stream(sql, parameters)
    let turn = this.#bytes
    for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      const columns = Array.from({ length: chunk.columnCount }, (_, i) => chunk.getColumnVector(i))
      const readers = columns.map((column) => jsonReader(column.type))
      for (let r = 0; r < chunk.rowCount; r++) {
        if (this.skip > 0) {
          this.skip--
          continue
        }
        if (this.#bytes >= PAGE_BYTES) {
          this.full = true
          return
        }
        const row = columns.map((column, i) => readers[i]!(column.getItem(r)))
        this.rows.push(row)
        for (const value of row) this.#bytes += bytesOf(value)
        if (this.#bytes - turn > TURN_BYTES) {
          turn = this.#bytes
          await nextTurn()
        }
      }
    }
  }
}

/** About the memory that an answered value takes. */
function bytesOf(value: unknown): number {
  if (typeof value === 'string') return 8 + value.length
  return Array.isArray(value) ? value.reduce((sum: number, one) => sum + bytesOf(one), 8) : 8
}

/** All columns of the log, also those that none of these files has. */
function selectFrom(plan: Plan, paths: readonly string[]): string {
  if (plan.columns.length === 0) return `SELECT ${ORDER.map((name) => `NULL AS ${identifier(name)}`).join(', ')} WHERE FALSE`
  const empty = plan.columns.map((c) => `CAST(NULL AS ${duckType(c)}) AS ${identifier(c.name)}`)
  const names = plan.columns.map((c) => `CAST(${identifier(c.name)} AS ${duckType(c)}) AS ${identifier(c.name)}`)
  const files = paths.length === 0 ? '' : `UNION ALL BY NAME SELECT * FROM ${readParquet(paths)}`
  return `SELECT ${names.join(', ')} FROM (SELECT ${empty.join(', ')} WHERE FALSE ${files}) WHERE ${plan.condition}`
}

/** Columns of CSV as people read them: times in RFC 3339 with milliseconds, as everywhere else in Fairlead, and durations to the microsecond. */
function forReading(select: string, columns: readonly LogColumn[]): string {
  const durations = columns.filter((column) => column.role === 'log' && column.name.endsWith('_ms')).map(({ name }) => identifier(name))
  const rounded = durations.map((name) => `round(${name}, 3) AS ${name}`)
  const time = `strftime(CAST("_time" AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%gZ') AS "_time"`
  return `SELECT * REPLACE (${[time, ...rounded].join(', ')}) FROM (${select})`
}

function orderBy(order: PredictionQuery['order']): string {
  return ORDER.map((name) => `${identifier(name)} ${order === 'newest' ? 'DESC' : 'ASC'}`).join(', ')
}

function typeName(column: LogColumn): string {
  return column.list ? `list<${column.type}>` : column.type
}

function keyOf(item: Record<string, unknown>): [number, string, number] {
  return [Date.parse(String(item._time)), String(item._request), Number(item._row)]
}

/** The cursor behind the last row, or `null` where there is none. */
function endOf(items: Record<string, unknown>[], from: Position | undefined): string | null {
  const last = items.at(-1)
  if (!last) return null
  const key = keyOf(last)
  const same = (other: readonly unknown[]) => key.every((part, i) => part === other[i])
  let given = 0
  while (given < items.length && same(keyOf(items[items.length - 1 - given]!))) given++
  if (given === items.length && from && same(from)) given += from[3]
  return cursorOf([...key, given])
}

function isPosition(value: unknown): value is Position {
  if (!Array.isArray(value) || value.length !== 4) return false
  const [time, request, row, given] = value as unknown[]
  return Number.isSafeInteger(time) && typeof request === 'string' && Number.isSafeInteger(row) && Number.isSafeInteger(given)
}
