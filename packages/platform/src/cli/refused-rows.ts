import type { Problem, ProblemItem, Row } from '@fairlead/contract'

/** Rows of requests that were refused, so that a refusal can say of how many of them it holds. */
const SENT = new WeakMap<object, readonly Row[]>()

/** Remembers the rows of the request that an error refuses. Answers the error. */
export function refusing<T>(error: T, rows: readonly Row[]): T {
  if (typeof error === 'object' && error !== null) SENT.set(error, rows)
  return error
}

/** The same said of several rows. */
interface Group {
  item: ProblemItem
  /** Name of the column as the path has it; absent where the path is not one of a row. */
  column: string | undefined
  rows: number[]
}

const SHOWN_GROUPS = 10
const SHOWN_ROWS = 5
const COUNT = / \(and (\d+|many) more\)/

/** What a refusal says: its sentence, and the lines below it, each thing once with the rows it holds of, and one count of what is left. */
export function refusalLines(problem: Pick<Problem, 'detail' | 'errors'>, error: unknown): [detail: string, ...places: string[]] {
  const items = problem.errors ?? []
  const [first] = items
  const sent = typeof error === 'object' && error !== null ? SENT.get(error) : undefined
  const groups = grouped(items, sent)
  const lines = groups.slice(0, SHOWN_GROUPS).map((group) => lineOf(group, sent?.length))
  const more = COUNT.exec(problem.detail)?.[1]
  const listed = groups.slice(0, SHOWN_GROUPS).reduce((sum, { rows }) => sum + Math.max(1, rows.length), 0)
  const left = more === undefined ? Math.max(0, items.length - listed) : more === 'many' ? more : Math.max(0, Number(more) + 1 - listed)
  const rest = left === 0 ? [] : [`and ${left} more`]
  const said = first && `${first.path}: ${first.detail}`
  const detail = problem.detail.replace(COUNT, '')
  // the sentence is that of the first place: it is said for all the rows it holds of
  if (said !== undefined && detail.startsWith(said)) return [`${lines[0]}${detail.slice(said.length)}`, ...lines.slice(1), ...rest]
  if (first && detail.includes(first.detail) && detail.includes(first.path)) return [detail, ...lines.slice(1), ...rest]
  return [detail, ...lines, ...rest]
}

function grouped(items: readonly ProblemItem[], sent: readonly Row[] | undefined): Group[] {
  const groups = new Map<string, Group>()
  for (const item of items) {
    const [, row, plain, quoted] = /^rows\[(\d+)\](?:\.(.+)|\[(".*")\])$/.exec(item.path) ?? []
    const name = plain ?? unquoted(quoted)
    const key = JSON.stringify(row === undefined ? [item.path, item.detail] : [name, item.code, item.detail])
    const group = groups.get(key) ?? { item, column: row === undefined ? undefined : name, rows: [] }
    if (row !== undefined) group.rows.push(Number(row))
    groups.set(key, group)
  }
  // the answer lists a part only; of columns it can be told here
  for (const group of groups.values()) if (sent && group.column !== undefined) group.rows = rowsOf(group, sent)
  return [...groups.values()]
}

function unquoted(quoted: string | undefined): string | undefined {
  try {
    return quoted === undefined ? undefined : String(JSON.parse(quoted))
  } catch {
    return undefined
  }
}

function rowsOf({ item, column = '', rows }: Group, sent: readonly Row[]): number[] {
  const holds = { 'column-missing': (row: Row) => !Object.hasOwn(row, column), 'column-unknown': (row: Row) => Object.hasOwn(row, column) }[item.code as string]
  return holds ? sent.flatMap((row, index) => (holds(row) ? [index] : [])) : rows
}

function lineOf({ item, column, rows }: Group, sent: number | undefined): string {
  if (column === undefined || rows.length < 2) return `${item.path}: ${item.detail}`
  const named = item.detail.includes(JSON.stringify(column)) ? '' : `${column}: `
  const some = `${rows.slice(0, SHOWN_ROWS).join(', ')}${rows.length > SHOWN_ROWS ? ', …' : ''}`
  return `${named}${item.detail}, in ${rows.length === sent ? `all ${sent} rows` : `${rows.length} rows (${some})`}`
}
