import { INTEGER_RANGES, type InputColumn, isFloat, isInteger, type OutputField, type Signature } from '@fairlead/contract'
import type { SignatureChange } from '@fairlead/contract/control'
import { columnTypeFits } from './column-types.ts'

/** What changes for callers when `next` takes the place of `previous`. Breaking differences come first. */
export function compareSignatures(previous: Signature, next: Signature): SignatureChange[] {
  const differences = [...compareColumns(previous.columns, next.columns), ...compareFields(previous.fields, next.fields)]
  if (previous.task !== next.task) differences.push({ path: 'task', breaking: true, detail: `was ${previous.task}, is ${next.task}` })
  return differences.sort((a, b) => Number(b.breaking) - Number(a.breaking))
}

/** Of a column that callers could leave out. */
export const NOW_REQUIRED = 'was optional, is required'

type Report = (breaking: boolean, detail: string) => void

function compareColumns(previous: readonly InputColumn[], next: readonly InputColumn[]): SignatureChange[] {
  const differences: SignatureChange[] = []
  const before = new Map(previous.map((column) => [column.name, column]))
  const after = new Map(next.map((column) => [column.name, column]))
  for (const [name, column] of before) {
    const report: Report = (breaking, detail) => differences.push({ path: `columns.${name}`, breaking, detail })
    const now = after.get(name)
    if (now) compareColumn(column, now, report)
    else report(true, 'removed: rows that send it are refused')
  }
  for (const [name, column] of after) {
    if (before.has(name)) continue
    const optional = column.optional === true
    differences.push({ path: `columns.${name}`, breaking: !optional, detail: optional ? 'added, optional' : 'added: rows without it are refused' })
  }
  return differences
}

function compareColumn(was: InputColumn, is: InputColumn, report: Report): void {
  if (was.type !== is.type) report(!accepts(is, was), `type was ${was.type}, is ${is.type}`)
  if (String(was.shape ?? []) !== String(is.shape ?? [])) report(true, `shape was [${was.shape ?? []}], is [${is.shape ?? []}]`)
  if (was.tensor !== is.tensor || was.index !== is.index) report(false, `feeds ${place(is)} where it fed ${place(was)}; callers that send tensors must follow`)
  if (was.optional === true && is.optional !== true) report(true, NOW_REQUIRED)
  if (was.optional !== true && is.optional === true) report(false, 'was required, is optional')
  if (is.min !== undefined && is.min !== was.min)
    report(is.min > (was.min ?? Number.NEGATIVE_INFINITY), `smallest value was ${was.min ?? 'free'}, is ${is.min}`)
  if (is.max !== undefined && is.max !== was.max) report(is.max < (was.max ?? Number.POSITIVE_INFINITY), `largest value was ${was.max ?? 'free'}, is ${is.max}`)
  if (is.min === undefined && was.min !== undefined) report(false, `smallest value was ${was.min}, is free`)
  if (is.max === undefined && was.max !== undefined) report(false, `largest value was ${was.max}, is free`)
  compareValues(was, is, report)
  if (was.unit !== is.unit) report(true, `unit was ${was.unit ?? 'not given'}, is ${is.unit ?? 'not given'}`)
}

function place(column: InputColumn): string {
  return `tensor "${column.tensor}"${column.index === undefined ? '' : ` at ${column.index}`}`
}

/** Whether the new column takes every value that the old one took. */
function accepts(is: InputColumn, was: InputColumn): boolean {
  if (isFloat(is.type) && isFloat(was.type)) return true
  if (isFloat(is.type) && isInteger(was.type)) return BigInt(2 ** 24) >= INTEGER_RANGES[was.type][1] || is.type === 'float64'
  return was.type !== 'bool' && columnTypeFits(was.type, is.type)
}

function compareValues(was: InputColumn, is: InputColumn, report: Report): void {
  if (is.values === undefined) {
    if (was.values !== undefined) report(false, 'any value is allowed now')
    return
  }
  if (was.values === undefined) {
    report(true, `only ${is.values.length} values are allowed now`)
    return
  }
  const gone = was.values.filter((value) => !is.values!.includes(value))
  const added = is.values.filter((value) => !was.values!.includes(value))
  if (gone.length > 0) report(true, `no longer allowed: ${gone.join(', ')}`)
  if (added.length > 0) report(false, `newly allowed: ${added.join(', ')}`)
}

function compareFields(previous: readonly OutputField[], next: readonly OutputField[]): SignatureChange[] {
  const differences: SignatureChange[] = []
  const after = new Map(next.map((field) => [field.name, field]))
  const before = new Set(previous.map((field) => field.name))
  for (const was of previous) {
    const report: Report = (breaking, detail) => differences.push({ path: `fields.${was.name}`, breaking, detail })
    const is = after.get(was.name)
    if (is) compareField(was, is, report)
    else report(true, 'removed from the answer')
  }
  for (const field of next) if (!before.has(field.name)) differences.push({ path: `fields.${field.name}`, breaking: false, detail: 'added to the answer' })
  return differences
}

function compareField(was: OutputField, is: OutputField, report: Report): void {
  if (was.kind !== is.kind) report(true, `was ${was.kind}, is ${is.kind}`)
  if (was.type !== is.type) report(!(isFloat(was.type) && isFloat(is.type)), `type was ${was.type}, is ${is.type}`)
  if (String(was.shape ?? []) !== String(is.shape ?? [])) report(true, `shape was [${was.shape ?? []}], is [${is.shape ?? []}]`)
  if (was.unit !== is.unit) report(true, `unit was ${was.unit ?? 'not given'}, is ${is.unit ?? 'not given'}`)
  if (was.tensor !== is.tensor) report(false, `comes from tensor "${is.tensor}" where it came from "${was.tensor}"; callers that read tensors must follow`)
  const [old, now] = [was.classes ?? [], is.classes ?? []]
  const gone = old.filter((label) => !now.includes(label))
  const added = now.filter((label) => !old.includes(label))
  if (gone.length > 0) report(true, `classes gone: ${gone.join(', ')}`)
  if (added.length > 0) report(true, `classes new: ${added.join(', ')}`)
  if (gone.length === 0 && added.length === 0 && String(old) !== String(now)) report(is.kind === 'label', 'the order of the classes changed')
}
