import type { RecentCaller, SignatureChange } from '@fairlead/contract/control'
import { type Clock, rfc3339 } from '../../kernel/clock.ts'
import { NOW_REQUIRED } from '../../model/signature/compare.ts'
import type { CallerLog, SeenCaller } from './ports.ts'

/** How far back is looked for callers, and how long looking may take. */
const RECENT_MS = 7 * 24 * 3_600_000
const PATIENCE_MS = 5000
/** Callers that a change names. */
const MOST_CALLERS = 50

export interface AffectedOptions {
  log: CallerLog
  clock: Clock
  onError?: ((error: unknown) => void) | undefined
}

/** A deployment whose callers are looked for, and the columns of which its log holds nothing. */
export interface AffectedAsk {
  deployment: string
  redacted: readonly string[]
}

/**
 * The changes, breaking ones with those who would break, as the prediction log of the last seven days tells: callers who send the column that
 * changed, who leave out one that is needed now, or, where the answer changes, all. A log that cannot be read in time leaves them unnamed.
 */
export async function withCallers(
  changes: readonly SignatureChange[],
  { deployment, redacted }: AffectedAsk,
  options: AffectedOptions,
): Promise<SignatureChange[]> {
  const { log, clock, onError } = options
  const columns = changes.flatMap((change) => (change.breaking ? (columnOf(change) ?? []) : []))
  if (!changes.some(({ breaking }) => breaking)) return [...changes]
  try {
    const since = clock.now() - RECENT_MS
    const [seen, names] = await inTime(Promise.all([log.recent({ deployment, since, columns: [...new Set(columns)] }), log.keyNames()]))
    const outside = seen.filter(({ caller }) => caller !== 'platform')
    return changes.map((change) => {
      if (!change.breaking) return change
      const affected = outside.filter((one) => breaks(change, one, redacted))
      return { ...change, callers: together(affected, deployment, names) }
    })
  } catch (error) {
    onError?.(error)
    return [...changes]
  }
}

/** Changes of several deployments that run one version: the callers of each change, joined. */
export function joined(lists: readonly (readonly SignatureChange[])[]): SignatureChange[] {
  const [first = []] = lists
  return first.map((change, at) => {
    const all = lists.flatMap((list) => list[at]?.callers ?? [])
    return lists.some((list) => list[at]?.callers) ? { ...change, callers: latest(all) } : change
  })
}

function columnOf({ path }: SignatureChange): string | undefined {
  return path.startsWith('columns.') ? path.slice('columns.'.length) : undefined
}

/** Whether a caller would meet a change. Of a column that the log does not hold nobody knows, so that all count. */
function breaks(change: SignatureChange, { given, rows }: SeenCaller, redacted: readonly string[]): boolean {
  const column = columnOf(change)
  const sent = column === undefined || redacted.includes(column) ? undefined : given.get(column)
  if (sent === undefined) return true
  return change.detail === NOW_REQUIRED ? sent < rows : sent > 0
}

function together(seen: readonly SeenCaller[], deployment: string, names: ReadonlyMap<string, string>): RecentCaller[] {
  const found = new Map<string, SeenCaller[]>()
  for (const one of seen) found.set(one.caller, [...(found.get(one.caller) ?? []), one])
  return latest(
    Array.from(found, ([caller, each]) => {
      const name = caller.startsWith('key:') ? names.get(caller.slice('key:'.length)) : undefined
      return {
        deployment,
        caller,
        ...(name === undefined ? {} : { name }),
        interfaces: [...new Set(each.map((one) => one.interface))].sort(),
        rows: each.reduce((sum, one) => sum + one.rows, 0),
        lastSeen: rfc3339(Math.max(...each.map(({ lastAt }) => lastAt))),
      }
    }),
  )
}

function latest(callers: readonly RecentCaller[]): RecentCaller[] {
  return callers.toSorted((a, b) => Date.parse(b.lastSeen) - Date.parse(a.lastSeen)).slice(0, MOST_CALLERS)
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the log was not read for callers within ${PATIENCE_MS} ms`)), PATIENCE_MS)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
