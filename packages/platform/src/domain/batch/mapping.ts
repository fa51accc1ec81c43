import { FairleadError, type InputColumn, type ProblemItem } from '@fairlead/contract'
import { nearestWord } from '../../kernel/suggestion.ts'
import type { SourceColumn } from './ports.ts'

/** How the columns of a release are filled from those of files. */
export interface Mapping {
  wanted: { column: InputColumn; from: string; type: SourceColumn['type'] }[]
  /** Optional columns that the files do not have. */
  absent: InputColumn[]
  /** Columns of the files that the release does not take. */
  unused: string[]
}

/**
 * Finds for each column of a release the one of the file that is called so, or that `map` names for it. Throws `column-missing` for required
 * ones that are not there, `column-unknown` for names in `map` that nobody has, `request-invalid` for a column that is there twice, and
 * `value-type` for one whose values cannot be taken.
 */
export function mapColumns(columns: readonly InputColumn[], found: readonly SourceColumn[], map: Readonly<Record<string, string>>): Mapping {
  const byName = new Map(found.map((column) => [column.name, column]))
  const known = new Set(columns.map(({ name }) => name))
  const items: ProblemItem[] = []
  const problem = (code: ProblemItem['code'], path: string, detail: string) => void items.push({ path, code, detail })
  const like = (name: string, names: Iterable<string>) => {
    const near = nearestWord(name, names)
    return near === undefined ? '' : `; did you mean "${near}"?`
  }
  for (const [name, from] of Object.entries(map)) {
    if (!known.has(name)) problem('column-unknown', name, `the release has no column "${name}"${like(name, known)}`)
    if (!byName.has(from)) problem('column-missing', from, `the file has no column "${from}"${like(from, byName.keys())}`)
  }
  const mapping: Mapping = { wanted: [], absent: [], unused: [] }
  const used = new Set<string>()
  for (const column of columns) {
    const from = Object.hasOwn(map, column.name) ? map[column.name]! : column.name
    const source = byName.get(from)
    if (source?.unreadable !== undefined) problem('value-type', from, `the column "${from}" is ${source.unreadable}; cast it before it is scored`)
    else if (source) mapping.wanted.push({ column, from, type: source.type })
    else if (column.optional) mapping.absent.push(column)
    else if (!Object.hasOwn(map, column.name))
      problem(
        'column-missing',
        column.name,
        `the file has no column "${column.name}"${like(column.name, byName.keys())}; name another with --map ${column.name}=OTHER`,
      )
    used.add(from)
  }
  // twice matters only where it is asked for
  const seen = new Set<string>()
  for (const { name } of found) {
    if (seen.has(name) && used.has(name)) problem('request-invalid', name, `the file has two columns "${name}"`)
    seen.add(name)
  }
  if (items.length > 0) throw new FairleadError(items[0]!.code, items[0]!.detail, { items: items.slice(0, 20) })
  return { ...mapping, unused: [...seen].filter((name) => !used.has(name)) }
}
