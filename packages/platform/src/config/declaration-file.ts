import { readFileSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { FairleadError, type ProblemItem } from '@fairlead/contract'
import { type Document, isMap, type LineCounter } from 'yaml'
import type { z } from 'zod'
import { didYouMean } from '../kernel/suggestion.ts'
import { readYaml, YAML_LIMIT, YamlFault, type YamlText } from '../kernel/yaml.ts'
import { type Declaration, declaration, LATER_KEYS } from './declaration.ts'

type Path = readonly PropertyKey[]

const FILE_NAMES = ['fairlead.yaml', 'fairlead.yml']

/** A declaration as read, with the folder from which its paths count. */
export interface DeclarationFile {
  path: string
  folder: string
  content: Declaration
}

/** The declaration file of a folder, or `undefined` when there is none. */
export function findDeclaration(folder: string): string | undefined {
  return FILE_NAMES.map((name) => join(folder, name)).find((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
}

/**
 * Reads and checks a `fairlead.yaml`. Throws `file-unreadable`, `setting-unknown`, `setting-invalid` or, for parts that only later
 * versions bring, `not-supported`; each names file, line, column and key.
 */
export function readDeclaration(path: string): DeclarationFile {
  const full = resolve(path)
  return { path: full, folder: resolve(full, '..'), content: parseDeclaration(readText(full), basename(full)) }
}

function readText(path: string): string {
  try {
    if (statSync(path).size > YAML_LIMIT) throw new Error(`it is larger than ${YAML_LIMIT} bytes`)
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new FairleadError('file-unreadable', `${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** Checks the text of a declaration; `label` names the file in errors. */
export function parseDeclaration(text: string, label: string): Declaration {
  const { value: read, document, lines } = documentOf(text, label)
  const value = read ?? {}
  const at = (path: Path) => `${label}${position(document, lines, path)}`
  refuseLaterKeys(value, at)
  const parsed = declaration.safeParse(value)
  if (parsed.success) return parsed.data
  throw problemOf(parsed.error, at)
}

function documentOf(text: string, label: string): YamlText {
  try {
    return readYaml(text, { maxAliasCount: 100 })
  } catch (cause) {
    if (!(cause instanceof YamlFault)) throw cause
    const place = cause.place ? `:${cause.place.line}:${cause.place.column}` : ''
    throw new FairleadError('setting-invalid', `${label}${place}: ${cause.message}`, { cause })
  }
}

function position(document: Document, lines: LineCounter, path: Path): string {
  let node: unknown = document.contents
  let offset: number | undefined
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => String(item.key) === String(key))
      const range = (pair?.key as { range?: [number, number, number] } | undefined)?.range
      if (!range) break
      offset = range[0]
      node = pair?.value
    } else {
      node = (node as { items?: unknown[] } | null)?.items?.[Number(key)]
      offset = (node as { range?: [number, number, number] } | null)?.range?.[0] ?? offset
    }
  }
  if (offset === undefined) return ''
  const { line, col } = lines.linePos(offset)
  return `:${line}:${col}`
}

function refuseLaterKeys(value: unknown, at: (path: Path) => string): void {
  for (const pattern of LATER_KEYS) {
    const path = match(value, pattern.split('.'))
    if (!path) continue
    const detail = `${at(path)}: ${path.join('.')} is not supported by this version yet. Take it out, or use a version that has it.`
    throw new FairleadError('not-supported', detail, { items: [{ path: path.join('.'), code: 'not-supported', detail: 'is not supported yet' }] })
  }
}

function match(value: unknown, pattern: string[]): string[] | undefined {
  const [head, ...rest] = pattern
  if (head === undefined) return []
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, inner] of Object.entries(value)) {
    if (head !== '*' && head !== key) continue
    const found = match(inner, rest)
    if (found) return [key, ...found]
  }
  return undefined
}

interface Finding extends ProblemItem {
  place: string
}

function problemOf(error: z.ZodError, at: (path: Path) => string): FairleadError {
  const findings = error.issues.flatMap((issue) => findingsOf(issue, at))
  const [first] = findings
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : ''
  const items = findings.map(({ path, code, detail }) => ({ path, code, detail }))
  return new FairleadError(first?.code ?? 'setting-invalid', `${first?.place}: ${first?.path} ${first?.detail}${more}`, { items })
}

function findingsOf(issue: z.core.$ZodIssue, at: (path: Path) => string): Finding[] {
  const inner = issue.code === 'invalid_union' ? deepest(issue.errors) : undefined
  if (inner) return inner.flatMap((deeper) => findingsOf({ ...deeper, path: [...issue.path, ...deeper.path] }, at))
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(declaration, issue.path)
    return issue.keys.map((key) => {
      const path = [...issue.path, key]
      return { path: path.join('.'), code: 'setting-unknown', detail: `is not a setting.${didYouMean(key, known)}`, place: at(path) }
    })
  }
  return [{ path: issue.path.join('.') || 'the file', code: 'setting-invalid', detail: `is not valid: ${issue.message}`, place: at(issue.path) }]
}

/** Of the alternatives of a union, what the writer most likely meant: the one that got furthest, else that one of its keys is unknown to all. */
function deepest(alternatives: z.core.$ZodIssue[][]): z.core.$ZodIssue[] | undefined {
  const depth = (issues: z.core.$ZodIssue[]) => Math.max(0, ...issues.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 0 : 1)))
  const present = alternatives.filter((issues) => !issues.some((issue) => issue.code === 'unrecognized_keys' && issue.path.length === 0))
  if (present.length > 0) return present.toSorted((a, b) => depth(b) - depth(a))[0]
  return alternatives[0]?.filter((issue) => issue.code === 'unrecognized_keys' && issue.path.length === 0)
}

interface SchemaDef {
  type: string
  shape?: Record<string, { def: SchemaDef }>
  valueType?: { def: SchemaDef }
  element?: { def: SchemaDef }
  innerType?: { def: SchemaDef }
  options?: { def: SchemaDef }[]
}

function keysAt(root: unknown, path: Path): string[] {
  let def = (root as { def: SchemaDef }).def
  const peel = () => {
    while (def.innerType) def = def.innerType.def
  }
  peel()
  for (const key of path) {
    const next =
      def.shape?.[String(key)] ?? def.valueType ?? def.element ?? def.options?.find((option) => option.def.shape?.[String(key)])?.def.shape?.[String(key)]
    if (!next) return []
    def = next.def
    peel()
  }
  return [...Object.keys(def.shape ?? {}), ...(def.options ?? []).flatMap((option) => Object.keys(option.def.shape ?? {}))]
}
