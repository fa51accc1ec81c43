/** A row of the table in `docs/architecture.md`: files under a folder, and what they may import. */
export interface Unit {
  name: string
  /** Folder relative to the repository; `*` makes every folder at that place a unit of its own. */
  folder: string
  mayImport: string[]
  /** Packages that may be imported, or `one`: a single package for each folder. */
  packages: string[] | 'one'
  node: boolean
  because: string
}

const START = '<!-- architecture-table -->'
const END = '<!-- /architecture-table -->'

/** Reads the one table of allowed imports out of the text of `docs/architecture.md`. Throws on a malformed table. */
export function readTable(markdown: string): Unit[] {
  const from = markdown.indexOf(START)
  const to = markdown.indexOf(END)
  if (from < 0 || to < from) throw new Error(`The table between ${START} and ${END} is missing`)
  const rows = markdown
    .slice(from + START.length, to)
    .trim()
    .split('\n')
    .slice(2)
  const units = rows.map(readRow)
  const names = new Set(units.map((unit) => unit.name))
  for (const unit of units) {
    for (const other of unit.mayImport) {
      if (!names.has(other)) throw new Error(`Unit ${unit.name} may import ${other}, which is no unit of the table`)
    }
  }
  if (names.size !== units.length) throw new Error('Two units of the table have the same name')
  return units
}

function readRow(line: string): Unit {
  const cells = line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
  const [name, folder, mayImport, packages, node, because] = cells
  if (cells.length !== 6 || !name || !folder || !because || mayImport === undefined || packages === undefined) {
    throw new Error(`Not a row of the architecture table: ${line}`)
  }
  if (node !== 'yes' && node !== 'no') throw new Error(`Column node of ${name} must be yes or no`)
  return { name, folder, mayImport: list(mayImport), packages: packages === 'one' ? 'one' : list(packages), node: node === 'yes', because }
}

function list(cell: string): string[] {
  return cell === '–' || cell === '' ? [] : cell.split(',').map((item) => item.trim())
}
