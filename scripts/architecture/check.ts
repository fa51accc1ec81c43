import { posix } from 'node:path'
import { blank, type Import, importsOf, packageOf } from './scan.ts'
import type { Unit } from './table.ts'

/** Source text by path relative to the repository, with `/` between folders. */
export type Tree = ReadonlyMap<string, string>

/** One breach of a rule, in words that quote the rule. */
export interface Breach {
  rule: string
  file: string
  detail: string
}

/** Names of workspace packages and the unit each stands for. */
const PACKAGE_UNITS: Readonly<Record<string, string>> = {
  '@fairlead/contract': 'contract',
  '@fairlead/client': 'client',
  '@fairlead/evaluator': 'evaluator',
  '@fairlead/console': 'console',
}

interface Place {
  unit: Unit
  /** The concrete folder: for `adapters/*` the one adapter's. */
  folder: string
}

/** Finds the unit of a file; undefined when it belongs to none. */
export function placeOf(units: readonly Unit[], file: string): Place | undefined {
  for (const unit of units) {
    const pattern = new RegExp(`^${unit.folder.replaceAll('*', '[^/]+')}(?=/)`)
    const match = pattern.exec(file)
    if (match) return { unit, folder: match[0] }
  }
  return undefined
}

const isTest = (file: string): boolean => /\.test\.tsx?$/.test(file) || /\/(?:testing|testdata)\//.test(file)

/** Checks every import of every file against the table. */
export function checkEdges(tree: Tree, units: readonly Unit[]): Breach[] {
  const breaches: Breach[] = []
  const sdks = new Map<string, Map<string, string>>()
  for (const [file, source] of tree) {
    const place = placeOf(units, file)
    if (!place) {
      if (!/\/(?:vite|vitest)\.config\.ts$/.test(file))
        breaches.push({ rule: 'every source file belongs to a unit of the table', file, detail: 'it is under no folder that docs/architecture.md lists' })
      continue
    }
    for (const item of importsOf(source)) {
      const breach = item.specifier.startsWith('.') ? checkRelative({ tree, units, file, place, item }) : checkPackage({ file, place, item, sdks })
      if (breach) breaches.push(breach)
    }
  }
  for (const [folder, packages] of sdks) {
    if (packages.size > 1)
      breaches.push({ rule: 'one package for each adapter folder', file: folder, detail: `it imports ${[...packages.keys()].sort().join(' and ')}` })
  }
  return breaches
}

function checkRelative(context: { tree: Tree; units: readonly Unit[]; file: string; place: Place; item: Import }): Breach | undefined {
  const { tree, units, file, place, item } = context
  const target = posix.join(posix.dirname(file), item.specifier)
  const where = `line ${item.line} imports ${target}`
  if (/\.tsx?$/.test(target) && !tree.has(target)) return { rule: 'imports lead to a file', file, detail: `${where}, which does not exist` }
  if (!isTest(file) && isTest(target)) return { rule: 'nothing but tests imports what is under testing', file, detail: where }
  const other = placeOf(units, target)
  if (!other) return isTest(file) || !/\.tsx?$/.test(target) ? undefined : { rule: edgeRule(place.unit), file, detail: `${where}, which belongs to no unit` }
  if (other.folder === place.folder) return undefined
  if (isTest(file)) return undefined
  if (!place.unit.mayImport.includes(other.unit.name)) return { rule: edgeRule(place.unit), file, detail: `${where} (${other.unit.name})` }
  if (other.folder.includes('/domain/') && target !== `${other.folder}/index.ts`) {
    return { rule: 'a domain area is imported through its index.ts', file, detail: where }
  }
  return undefined
}

function checkPackage(context: { file: string; place: Place; item: Import; sdks: Map<string, Map<string, string>> }): Breach | undefined {
  const { file, place, item, sdks } = context
  const { unit } = place
  const where = `line ${item.line} imports ${item.specifier}`
  if (isTest(file)) return undefined
  if (item.specifier.startsWith('node:'))
    return unit.node ? undefined : { rule: edgeRule(unit), file, detail: `${where}, and ${unit.name} must run without Node` }
  const name = packageOf(item.specifier)
  const unitName = PACKAGE_UNITS[name]
  if (unitName) {
    const own = unitName === unit.name
    // The console's files are served, not imported: only its package.json is looked up, to find them.
    if (own || unit.mayImport.includes(unitName) || item.specifier === '@fairlead/console/package.json') return undefined
    return { rule: edgeRule(unit), file, detail: `${where} (${unitName})` }
  }
  if (unit.packages === 'one') {
    const seen = sdks.get(place.folder) ?? new Map<string, string>()
    sdks.set(place.folder, seen.set(name, file))
    return undefined
  }
  return unit.packages.includes(name) ? undefined : { rule: edgeRule(unit), file, detail: `${where}, a package that ${unit.name} may not use` }
}

function edgeRule(unit: Unit): string {
  const packages = unit.packages === 'one' ? 'one package' : unit.packages.join(', ') || 'no package'
  return `${unit.name} may import ${unit.mayImport.join(', ') || 'no other unit'}; ${packages}; Node: ${unit.node ? 'yes' : 'no'} – ${unit.because}`
}

/** Finds import cycles among the files of the tree; each is given once, starting at its first file by name. */
export function findCycles(tree: Tree): string[][] {
  const edges = new Map<string, string[]>()
  for (const [file, source] of tree) {
    const targets = importsOf(source)
      .filter((item) => item.specifier.startsWith('.'))
      .map((item) => posix.join(posix.dirname(file), item.specifier))
    edges.set(
      file,
      [...new Set(targets)].filter((target) => tree.has(target)),
    )
  }
  return components(edges).map((files) => shortestCycle(files, edges))
}

/** Strongly connected components with more than one file, or one that imports itself (Tarjan). */
function components(edges: ReadonlyMap<string, string[]>): string[][] {
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const found: string[][] = []
  const visit = (file: string): void => {
    index.set(file, index.size)
    low.set(file, index.get(file) as number)
    stack.push(file)
    for (const target of edges.get(file) ?? []) {
      if (!index.has(target)) {
        visit(target)
        low.set(file, Math.min(low.get(file) as number, low.get(target) as number))
      } else if (stack.includes(target)) low.set(file, Math.min(low.get(file) as number, index.get(target) as number))
    }
    if (low.get(file) !== index.get(file)) return
    const component = stack.splice(stack.indexOf(file))
    if (component.length > 1 || edges.get(file)?.includes(file)) found.push(component.sort())
  }
  for (const file of edges.keys()) if (!index.has(file)) visit(file)
  return found
}

function shortestCycle(files: string[], edges: ReadonlyMap<string, string[]>): string[] {
  const start = files[0] as string
  const from = new Map<string, string>()
  const queue = [start]
  for (const file of queue) {
    for (const target of edges.get(file) ?? []) {
      if (target === start) {
        const path = [file]
        while (path[0] !== start) path.unshift(from.get(path[0] as string) as string)
        return path
      }
      if (files.includes(target) && !from.has(target)) {
        from.set(target, file)
        queue.push(target)
      }
    }
  }
  return files
}

/** Exceptions for files that are not among those found (each by its path, perhaps with a place behind it). */
export function staleExceptions(found: readonly string[], exceptions: Readonly<Record<string, string>>): string[] {
  return Object.keys(exceptions).filter((file) => !found.some((one) => one === file || one.startsWith(`${file} `)))
}

/** Lines of a file; a last line end does not count as a line. */
export function lineCount(source: string): number {
  return source === '' ? 0 : source.replace(/\n$/, '').split('\n').length
}

/** Numbers of the lines of code (not comments, not strings) that match. */
export function linesMatching(source: string, pattern: RegExp): number[] {
  const code = blank(source).replace(/(['"])(?:\\.|(?!\1)[^\\\n])*\1/g, "''")
  return code.split('\n').flatMap((line, at) => (pattern.test(line) ? [at + 1] : []))
}
