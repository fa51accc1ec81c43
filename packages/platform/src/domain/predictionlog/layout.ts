import type { DataType } from '@fairlead/contract'
import type { ServableRelease } from '../inference/index.ts'
import { type LogColumn, type LogType, logType, OWN_COLUMNS } from './columns.ts'

/** Where a column's values lie: in which stored tensor, at which position of a row, and how to show them. */
export interface ColumnSource {
  column: LogColumn
  /** Index into `Layout.tensors`; -1 for a redacted column, which is null throughout and not stored. */
  tensor: number
  /** Position along the row's values; -1 takes the whole row (a list, or the only value). */
  index: number
  /** Class labels shown in place of class indices. */
  classes?: string[]
}

/** One tensor as blocks store it, row after row. */
export interface StoredTensor {
  side: 'input' | 'output'
  name: string
  /** Values a row; 0 when it varies from request to request. */
  width: number
  /** Positions of a row that are blanked before anything is written. */
  blank: number[]
}

/** How rows of one release lie in blocks, and which flat columns they become. Kept as JSON in every block. */
export interface Layout {
  tensors: StoredTensor[]
  sources: ColumnSource[]
}

interface Draft {
  name: string
  role: 'input' | 'output'
  tensor: string
  type: DataType
  index: number
  list: boolean
  width: number
  redact: boolean
  shown?: LogType
  classes?: string[]
}

function product(shape: readonly number[] | undefined): number {
  return (shape ?? []).reduce((a, b) => a * b, 1)
}

function inputDrafts(release: ServableRelease, redact: (name: string) => boolean): Draft[] {
  const widths = new Map<string, number>()
  for (const c of release.signature.columns) {
    if (c.index !== undefined) widths.set(c.tensor, Math.max(widths.get(c.tensor) ?? 0, c.index + 1))
  }
  return release.signature.columns.map((c) => {
    const declared = release.signature.inputs.find((t) => t.name === c.tensor)?.shape.at(-1) ?? -1
    const list = (c.shape?.length ?? 0) > 0 && c.index === undefined
    const varies = c.shape?.some((d) => d < 0) ?? false
    const wide = declared > 0 ? declared : (widths.get(c.tensor) ?? 1)
    const width = list ? (varies ? 0 : product(c.shape)) : c.index === undefined ? 1 : wide
    return { name: c.name, role: 'input', tensor: c.tensor, type: c.type, index: c.index ?? -1, list, width, redact: redact(c.name) }
  })
}

function probabilityDrafts(field: ServableRelease['signature']['fields'][number], redact: (name: string) => boolean, declared: number): Draft[] {
  const classes = field.classes ?? Array.from({ length: Math.max(0, declared) }, (_, i) => String(i))
  const base = { role: 'output', tensor: field.tensor, type: field.type } as const
  if (classes.length === 0) return [{ ...base, name: field.name, index: -1, list: true, width: 0, redact: redact(field.name) }]
  return classes.map((label, index) => {
    const name = `${field.name}_${label}`
    return { ...base, name, index, list: false, width: classes.length, redact: redact(field.name) || redact(name) }
  })
}

function outputDrafts(release: ServableRelease, redact: (name: string) => boolean): Draft[] {
  const drafts: Draft[] = []
  for (const field of release.signature.fields) {
    const tensor = release.signature.outputs.find((t) => t.name === field.tensor)
    if (field.kind === 'probabilities') {
      drafts.push(...probabilityDrafts(field, redact, tensor?.shape.at(-1) ?? -1))
      continue
    }
    const list = field.kind === 'values'
    const width = list ? 0 : 1
    const draft: Draft = { name: field.name, role: 'output', tensor: field.tensor, type: field.type, index: -1, list, width, redact: redact(field.name) }
    const shownAsText = field.kind === 'label' && field.classes !== undefined && field.type !== 'string'
    drafts.push(shownAsText ? { ...draft, shown: 'string', classes: field.classes! } : draft)
  }
  return drafts
}

/** Gives every column a name of its own; names differ also when case is ignored, because SQL engines ignore it. */
function nameColumns(drafts: Draft[]): string[] {
  const own = new Set(OWN_COLUMNS.map((c) => c.name))
  const taken = new Set(own)
  const inputs = new Set(drafts.filter((d) => d.role === 'input').map((d) => d.name.toLowerCase()))
  return drafts.map((draft) => {
    let name = draft.name
    if (draft.role === 'output' && inputs.has(name.toLowerCase())) name = `prediction_${name}`
    if (draft.role === 'input' && own.has(name.toLowerCase())) name = `input_${name}`
    const wanted = name
    for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${wanted}_${n}`
    taken.add(name.toLowerCase())
    return name
  })
}

/**
 * Derives the flat columns of a release from its signature and settings: inputs under their column names, then outputs:
 * `label`, `probabilities_<class>`, `value`, and the fields that steps add. An output with the name of an input is called
 * `prediction_<name>`. Array-valued columns are lists. Redacted columns (also a whole field, such as `probabilities`) are null.
 */
export function layoutOf(release: ServableRelease): Layout {
  const redacted = new Set(release.settings.logRedact)
  const redact = (name: string) => redacted.has(name)
  const drafts = [...inputDrafts(release, redact), ...outputDrafts(release, redact)]
  const names = nameColumns(drafts)
  const tensors: StoredTensor[] = []
  const sources = drafts.map((draft, i): ColumnSource => {
    const column: LogColumn = { name: names[i]!, type: draft.shown ?? logType(draft.type), list: draft.list, role: draft.role }
    let at = tensors.findIndex((t) => t.side === draft.role && t.name === draft.tensor)
    const wholeTensor = draft.index < 0
    if (draft.redact && wholeTensor) return { column, tensor: -1, index: -1 }
    if (at < 0) at = tensors.push({ side: draft.role, name: draft.tensor, width: draft.width, blank: [] }) - 1
    if (draft.redact) tensors[at]!.blank.push(draft.index)
    const source: ColumnSource = { column, tensor: draft.redact ? -1 : at, index: draft.index }
    return draft.classes === undefined ? source : { ...source, classes: draft.classes }
  })
  return { tensors, sources }
}
