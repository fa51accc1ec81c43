import { FairleadError, writeJson } from '@fairlead/contract'
import type { ModelComparison } from '@fairlead/contract/control'
import type { Context } from '../context.ts'
import { EXIT } from '../failure.ts'
import { cell } from '../format.ts'
import { checkName } from '../model-ref.ts'
import type { Output } from '../output.ts'

/** Columns of the importance that are shown. */
const MOST_COLUMNS = 5

/** `fairlead models compare`: in what two versions differ; exits with 10 where they do. */
export async function compareModels({ control, output }: Context, [name = '', a = '', b = '']: string[]): Promise<number> {
  const model = checkName(name, 'model')
  const [version, other] = [numberOf(a), numberOf(b)]
  const found = await control.call('compareVersions', { params: { model, version, other } })
  output.result(found, () => printComparison(output, found, `${model}:${version} and ${model}:${other}`))
  const breaks = found.signature?.length ?? 0
  return found.same && breaks === 0 ? EXIT.done : EXIT.differences
}

function numberOf(text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 1) throw new FairleadError('usage', `"${text}" is not the number of a version.`)
  return number
}

/** Signature, structure and answers of two versions. */
export function printComparison(output: Output, { same, changes, ensembles, importance, signature = [], answers }: ModelComparison, what: string): void {
  output.line(output.paint('bold', what))
  output.line(signature.length === 0 ? '  signature  the same' : '  signature')
  for (const { path, breaking, detail } of signature)
    output.line(`    ${breaking ? output.paint('yellow', 'breaks ') : 'changes'}  ${cell(path)}: ${cell(detail)}`)
  output.line(same ? '  structure  the same: both give the same answers' : '  structure')
  for (const change of changes) output.line(`    ${cell(change.what)}: ${cell(change.before)} → ${cell(change.after)}`)
  for (const one of ensembles)
    output.line(`    trees: ${one.before.trees} → ${one.after.trees}; ${one.same} the same, ${one.changed} changed, ${one.added} added, ${one.removed} removed`)
  for (const { name, before, after } of importance.slice(0, MOST_COLUMNS))
    output.line(`    importance of ${cell(name)}: ${percent(before)} → ${percent(after)}`)
  printAnswers(output, answers)
}

function printAnswers(output: Output, answers: ModelComparison['answers']): void {
  if (!answers) {
    output.line('  answers    not compared: no rows came with either, or one runs only by ONNX Runtime')
    return
  }
  const { rows, leftOut, equalRows, labelRows, largestDifference, differing } = answers
  const left = leftOut > 0 ? `, ${leftOut} more that one of them does not take` : ''
  output.line(
    `  answers    ${rows} ${rows === 1 ? 'row' : 'rows'} asked${left}: ${equalRows} the same, ${labelRows} with another label, numbers at most ${Number(largestDifference.toPrecision(3))} apart`,
  )
  if (differing.length === 0) return
  output.line()
  output.table(
    ['FIELD', 'BEFORE', 'AFTER', 'ROW'],
    differing.map(({ row, field, before, after }) => [cell(field), cell(before), cell(after), cell(writeJson(row))]),
  )
}

function percent(part: number): string {
  return `${Number((part * 100).toPrecision(3))} %`
}
