import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** One folder of the log: the rows of a deployment that were received within one UTC hour. */
export interface Partition {
  deployment: string
  /** Hours since 1970. */
  hour: number
}

/** Where the parts of a log lie below its folder. */
export interface LogFolders {
  segments: string
  parquet: string
  schemas: string
  /** Half-written files; emptied at start. */
  temporary: string
  merges: string
  damaged: string
}

/** The folders of a log at `root` (`DIR/log`). */
export function logFolders(root: string): LogFolders {
  const at = (name: string) => join(root, name)
  return { segments: at('segments'), parquet: at('parquet'), schemas: at('schemas'), temporary: at('tmp'), merges: at('merges'), damaged: at('damaged') }
}

/** `deployment=NAME/date=YYYY-MM-DD/hour=HH` */
export function partitionPath(partition: Partition): string {
  const time = new Date(partition.hour * 3_600_000).toISOString()
  return join(`deployment=${partition.deployment}`, `date=${time.slice(0, 10)}`, `hour=${time.slice(11, 13)}`)
}

/**
 * Name of the Parquet file that holds a segment's blocks from byte `from` to byte `to`, as far as they are of the partition, with the
 * columns of the `generation`-th schema.
 */
export function pieceName(segment: string, { from, to, generation }: { from: number; to: number; generation: number }): string {
  return `${segment}-${from}-${to}-g${generation}.parquet`
}

/** Name of a file that others were joined into. */
export function mergedName(id: string, generation: number): string {
  return `merged-${id}-g${generation}.parquet`
}

const PIECE = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})-(\d+)-(\d+)-g\d+\.parquet$/

/** The parts of such a name; undefined for merged and foreign files. */
export function parsePieceName(name: string): { segment: string; from: number; to: number } | undefined {
  const match = PIECE.exec(name)
  return match ? { segment: match[1]!, from: Number(match[2]), to: Number(match[3]) } : undefined
}

/** The generation of the schema that a file has, by its name; 0 for foreign files. */
export function generationOf(name: string): number {
  return Number(/-g(\d+)\.parquet$/.exec(name)?.[1] ?? 0)
}

/** Entries of a folder; none when it does not exist. */
export async function entries(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
    throw error
  })
}

/** Deployments that have a log. */
export async function loggedDeployments(folders: LogFolders): Promise<string[]> {
  const names = await entries(folders.parquet)
  return names.filter((n) => n.startsWith('deployment=')).map((n) => n.slice('deployment='.length))
}

/** The hours of a deployment within `[since, until)` (milliseconds since 1970) that have a folder, oldest first. */
export async function partitionsOf(
  folders: LogFolders,
  deployment: string,
  range: { since?: number | undefined; until?: number | undefined } = {},
): Promise<Partition[]> {
  const base = join(folders.parquet, `deployment=${deployment}`)
  const found: Partition[] = []
  for (const day of (await entries(base)).sort()) {
    const start = Date.parse(`${day.slice('date='.length)}T00:00:00Z`)
    if (!Number.isFinite(start) || start + 86_400_000 <= (range.since ?? 0) || start >= (range.until ?? Number.POSITIVE_INFINITY)) continue
    for (const name of (await entries(join(base, day))).sort()) {
      const hour = start / 3_600_000 + Number(name.slice('hour='.length))
      const inside = (hour + 1) * 3_600_000 > (range.since ?? 0) && hour * 3_600_000 < (range.until ?? Number.POSITIVE_INFINITY)
      if (Number.isInteger(hour) && inside) found.push({ deployment, hour })
    }
  }
  return found
}

/** A Parquet file of a partition. */
export interface LogFile {
  name: string
  path: string
  bytes: number
}

/** The Parquet files of a partition, in order of their names. */
export async function filesOf(folders: LogFolders, partition: Partition): Promise<LogFile[]> {
  const folder = join(folders.parquet, partitionPath(partition))
  const names = (await entries(folder)).filter((n) => n.endsWith('.parquet')).sort()
  return Promise.all(names.map(async (name) => ({ name, path: join(folder, name), bytes: (await stat(join(folder, name))).size })))
}

/** Puts a file or a folder's list of names on the disk. */
export async function flushToDisk(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
