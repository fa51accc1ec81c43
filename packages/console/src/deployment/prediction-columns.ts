import type { PredictionPage } from '@fairlead/contract/control'

type Column = PredictionPage['columns'][number]

const FIRST = ['_time', '_id', '_release', '_total_ms']
const NAMES: Record<string, string> = {
  _id: 'Id',
  _request: 'Request',
  _row: 'Row',
  _time: 'Time',
  _release: 'Release',
  _release_digest: 'Release digest',
  _model: 'Model',
  _variant: 'Variant',
  _interface: 'Interface',
  _caller: 'Caller',
  _trace: 'Trace',
  _total_ms: 'Total',
  _queue_ms: 'Queue',
  _run_ms: 'Model run',
  _parse_ms: 'Parsing',
}
const INPUTS = 4
const OUTPUTS = 4

/** Heading of a column: the log's own have names for people, the others keep theirs. */
export function columnTitle(name: string): string {
  return NAMES[name] ?? name
}

/** Columns on show when none are chosen: time, release and latency, the outputs, and the first few inputs. */
export function standardColumns(columns: readonly Column[]): string[] {
  const of = (role: Column['role']) => columns.filter((column) => column.role === role).map((column) => column.name)
  const log = FIRST.filter((name) => name !== '_id' && of('log').includes(name))
  return [...log, ...of('output').slice(0, OUTPUTS), ...of('input').slice(0, INPUTS)]
}

/** Columns on show: those that the address names and the log has, else the standard ones. */
export function shownColumns(columns: readonly Column[], chosen: string | undefined): Column[] {
  const names = chosen === undefined ? standardColumns(columns) : chosen.split(',').map(decodeURIComponent)
  const found = names.flatMap((name) => columns.find((column) => column.name === name) ?? [])
  return found.length > 0 ? found : columns.filter((column) => standardColumns(columns).includes(column.name))
}

/** The chosen columns as they stand in the address; names may hold commas. */
export function writeColumns(names: readonly string[]): string {
  return names.map(encodeURIComponent).join(',')
}

/** Decimals that all numbers of a column share, so that their points stand under each other; `undefined` where each keeps its own. */
export function columnDecimals(values: readonly unknown[]): number | undefined {
  const numbers = values.filter((value) => typeof value === 'number' && Number.isFinite(value)) as number[]
  if (numbers.every(Number.isInteger)) return undefined
  const most = numbers.reduce((peak, value) => Math.max(peak, Math.abs(value)), 0)
  if (most < 0.001 || most >= 1e9) return undefined
  return Math.max(1, Math.min(4, 5 - Math.max(0, Math.floor(Math.log10(most)) + 1)))
}

/** Whether values of a column stand at the right: numbers. */
export function isNumeric(column: Column): boolean {
  return /^(u?int|float|double|decimal|bigint|hugeint|smallint|tinyint|integer|real)/i.test(column.type)
}
