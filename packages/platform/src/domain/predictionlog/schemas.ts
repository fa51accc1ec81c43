import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type LogColumn, OWN_COLUMNS, widen } from './columns.ts'
import type { LogVector } from './decode.ts'
import { flushToDisk, type LogFolders } from './partitions.ts'

/**
 * The columns that a deployment's log has had over all its releases, one JSON file a deployment. It says which columns exist
 * without a file being opened, and keeps a name from meaning a list in one file and a plain value in another.
 */
export class LogSchemas {
  readonly #folders: LogFolders
  readonly #known = new Map<string, LogColumn[]>()

  constructor(folders: LogFolders) {
    this.#folders = folders
  }

  /** Columns in order: the log's own, inputs, outputs. Empty when nothing was ever logged. */
  async columns(deployment: string): Promise<LogColumn[]> {
    const known = this.#known.get(deployment)
    if (known) return known
    const text = await readFile(this.#path(deployment), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    const columns = text === undefined ? [] : (JSON.parse(text) as { columns: LogColumn[] }).columns
    this.#known.set(deployment, columns)
    return columns
  }

  /** Takes the columns of a table in, and answers its vectors under the names and types that the files are to have. */
  async admit(deployment: string, vectors: readonly LogVector[]): Promise<LogVector[]> {
    const columns = [...(await this.columns(deployment))]
    if (columns.length === 0) columns.push(...OWN_COLUMNS)
    let changed = columns.length === OWN_COLUMNS.length
    const result = vectors.map((vector) => {
      const column = agree(columns, vector.column)
      const at = columns.findIndex((c) => c.name.toLowerCase() === column.name.toLowerCase())
      if (at < 0) columns.push(column)
      else if (columns[at]!.type !== column.type) columns[at] = { ...columns[at]!, type: widen(columns[at]!.type, column.type) }
      else return { ...vector, column }
      changed = true
      return { ...vector, column }
    })
    if (changed) await this.#save(deployment, ordered(columns))
    return result
  }

  async #save(deployment: string, columns: LogColumn[]): Promise<void> {
    await mkdir(this.#folders.schemas, { recursive: true })
    const path = this.#path(deployment)
    await writeFile(`${path}.tmp`, `${JSON.stringify({ columns }, null, 1)}\n`)
    await flushToDisk(`${path}.tmp`)
    await rename(`${path}.tmp`, path)
    this.#known.set(deployment, columns)
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
