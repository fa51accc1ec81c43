import type { InputColumn, OutputField } from '@fairlead/contract'
import type { ModelVersion } from '@fairlead/contract/control'
import { formatBytes, formatCount, formatFigure } from '../format/number.ts'
import { shortDigest } from '../format/text.ts'
import { exactTime } from '../format/time.ts'

/** One line of the comparison: a fact with its two values as text. */
export interface ComparedLine {
  name: string
  left: string
  right: string
  same: boolean
}

const line = (name: string, left: string, right: string): ComparedLine => ({ name, left, right, same: left === right })

/** A column of the signature in words. */
export function columnWords(column: InputColumn | undefined): string {
  if (!column) return 'absent'
  const range = column.min !== undefined || column.max !== undefined ? `${column.min ?? '…'} to ${column.max ?? '…'}` : ''
  const values = column.values ? `one of ${column.values.join(', ')}` : ''
  return [column.type, column.shape?.length ? `[${column.shape.join(', ')}]` : '', range, column.unit ?? '', values, column.optional ? 'optional' : '']
    .filter(Boolean)
    .join(' · ')
}

/** An output of the signature in words. */
export function fieldWords(field: OutputField | undefined): string {
  if (!field) return 'absent'
  return [field.kind, field.type, field.classes ? `classes ${field.classes.join(', ')}` : '', field.unit ?? ''].filter(Boolean).join(' · ')
}

const union = (left: readonly string[], right: readonly string[]) => [...new Set([...left, ...right])]

function compareByName<T extends { name: string }>(left: readonly T[], right: readonly T[], words: (one: T | undefined) => string): ComparedLine[] {
  const find = (list: readonly T[], name: string) => list.find((one) => one.name === name)
  return union(
    left.map((one) => one.name),
    right.map((one) => one.name),
  ).map((name) => line(name, words(find(left, name)), words(find(right, name))))
}

/** Two versions side by side, by topic. Every name that either has gets a line. */
export function compareVersions(left: ModelVersion, right: ModelVersion): { title: string; lines: ComparedLine[] }[] {
  const record = <T>(a: Record<string, T>, b: Record<string, T>, words: (value: T | undefined) => string) =>
    union(Object.keys(a), Object.keys(b)).map((name) => line(name, words(a[name]), words(b[name])))
  const text = (value: string | number | undefined) => (value === undefined ? 'absent' : String(value))
  return [
    {
      title: 'Version',
      lines: [
        line('Digest', shortDigest(left.digest), shortDigest(right.digest)),
        line('Format', left.format, right.format),
        line('Size', formatBytes(left.sizeBytes), formatBytes(right.sizeBytes)),
        line('Parameters', formatCount(left.facts.parameters), formatCount(right.facts.parameters)),
        line('Aliases', left.aliases.join(', ') || 'none', right.aliases.join(', ') || 'none'),
        line('Imported', exactTime(left.createdAt), exactTime(right.createdAt)),
        line('By', left.lineage.importedBy, right.lineage.importedBy),
        line('Code', left.lineage.codeCommit ?? 'not told', right.lineage.codeCommit ?? 'not told'),
      ],
    },
    { title: 'Metrics', lines: record(left.metrics, right.metrics, (value) => (value === undefined ? 'absent' : formatFigure(value))) },
    { title: 'Inputs', lines: compareByName(left.signature.columns, right.signature.columns, columnWords) },
    { title: 'Outputs', lines: compareByName(left.signature.fields, right.signature.fields, fieldWords) },
    {
      title: 'Training data',
      lines: record(left.lineage.dataDigests ?? {}, right.lineage.dataDigests ?? {}, (value) => (value ? shortDigest(value) : 'absent')),
    },
    { title: 'Operators', lines: record(left.facts.operators, right.facts.operators, text) },
    { title: 'Tags', lines: record(left.tags, right.tags, text) },
  ].filter((topic) => topic.lines.length > 0)
}
