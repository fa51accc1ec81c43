import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type LogColumn, OWN_COLUMNS, widen } from './columns.ts'
import type { LogVector } from './decode.ts'
import { flushToDisk, type LogFolders } from './partitions.ts'

/** The columns of a deployment's log. */
export interface LogSchema {
  /** Grows with every change of the columns; files carry it in their names. 0 when nothing was ever logged. */
  generation: number
  /** The generation that every file has at least. */
  settled: number
  /** In order: the log's own, inputs, outputs. */
  columns: LogColumn[]
}

const NOTHING: LogSchema = { generation: 0, settled: 0, columns: [] }

/**
 * The columns that a deployment's log has had over all its releases, one JSON file a deployment. It says which columns exist
 * without a file being opened, keeps a name from meaning a list in one file and a plain value in another, and tells which files
 * were written before the columns changed.
 */
export class LogSchemas {
  readonly #folders: LogFolders
  readonly #known = new Map<string, LogSchema>()

  constructor(folders: LogFolders) {
    this.#folders = folders
  }

  /** Columns in order: the log's own, inputs, outputs. Empty when nothing was ever logged. */
  async columns(deployment: string): Promise<LogColumn[]> {
    return (await this.schema(deployment)).columns
  }

  /** The columns with their generation. */
  async schema(deployment: string): Promise<LogSchema> {
    const known = this.#known.get(deployment)
    if (known) return known
    const text = await readFile(this.#path(deployment), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    const schema = text === undefined ? NOTHING : (JSON.parse(text) as LogSchema)
    this.#known.set(deployment, schema)
    return schema
  }

  /** Takes the columns of a table in, and answers its vectors under the names and types that the files are to have. */
  async admit(deployment: string, vectors: readonly LogVector[]): Promise<LogVector[]> {
    const before = await this.schema(deployment)
    const columns = before.generation === 0 ? [...OWN_COLUMNS] : [...before.columns]
    let changed = before.generation === 0
    const result = vectors.map((vector) => {
      const column = agree(columns, vector.column)
      const at = columns.findIndex((c) => c.name.toLowerCase() === column.name.toLowerCase())
      const type = at < 0 ? column.type : widen(columns[at]!.type, column.type)
      if (at < 0) columns.push(column)
      else if (columns[at]!.type !== type) columns[at] = { ...columns[at]!, type }
      else return { ...vector, column }
      changed = true
      return { ...vector, column }
    })
    if (changed) await this.#save(deployment, { generation: before.generation + 1, settled: before.settled, columns: ordered(columns) })
    return result
  }

  /** Notes that every file has at least this generation. */
  async settle(deployment: string, generation: number): Promise<void> {
    const schema = await this.schema(deployment)
    if (generation > schema.settled) await this.#save(deployment, { ...schema, settled: generation })
  }

  async #save(deployment: string, schema: LogSchema): Promise<void> {
    await mkdir(this.#folders.schemas, { recursive: true })
    const path = this.#path(deployment)
    await writeFile(`${path}.tmp`, `${JSON.stringify(schema, null, 1)}\n`)
    await flushToDisk(`${path}.tmp`)
    await rename(`${path}.tmp`, path)
    this.#known.set(deployment, schema)
  }

  #path(deployment: string): string {
    return join(this.#folders.schemas, `${deployment}.json`)
  }
}

/** The column under a name that no column of the other kind (list or plain) has. */
function agree(columns: readonly LogColumn[], column: LogColumn): LogColumn {
  const clash = columns.find((c) => c.name.toLowerCase() === column.name.toLowerCase())
  if (!clash || clash.list === column.list) return clash ? { ...column, name: clash.name } : column
  return agree(columns, { ...column, name: `${column.name}_${column.list ? 'list' : 'value'}` })
}

function ordered(columns: readonly LogColumn[]): LogColumn[] {
  return (['log', 'input', 'output'] as const).flatMap((role) => columns.filter((c) => c.role === role))
}
