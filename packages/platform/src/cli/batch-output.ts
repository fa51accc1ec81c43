import type { ColumnSummary, Job, JobPreview, JobSummary } from '@fairlead/contract/control'
import { ago, alignTable, bytes, cell, duration, figure } from './format.ts'
import type { Output } from './output.ts'

const SHOWN_VALUES = 5
const SHOWN_COLUMNS = 20

/** What a job came to. */
export function shownSummary(output: Output, job: Job, summary: JobSummary): void {
  const { rows, scored, rejected, seconds, rowsPerSecond, peakMemoryBytes, costPerMillion } = summary
  output.line(
    `${output.paint('bold', job.deployment)}  release ${job.release}, ${figure(rows)} rows in ${duration(seconds * 1000)} (${figure(rowsPerSecond)} a second)`,
  )
  output.line(`  scored     ${figure(scored)}`)
  output.line(`  rejected   ${figure(rejected)}${reasonsOf(summary)}`)
  for (const column of summary.columns.slice(0, SHOWN_COLUMNS)) output.line(`  ${cell(column.name).padEnd(10)} ${valuesOf(column)}`)
  output.line(`  memory     ${bytes(peakMemoryBytes)} at most`)
  if (costPerMillion !== undefined) output.line(`  cost       ${figure(costPerMillion)} for a million rows`)
  if (job.quarantine !== null) output.line(`  quarantine ${job.quarantine}`)
  if (job.output !== null) output.line(`  output     ${job.output}`)
}

function reasonsOf({ reasons }: JobSummary): string {
  const all = Object.entries(reasons)
    .sort(([, a], [, b]) => b - a)
    .map(([code, rows]) => `${code} ${figure(rows)}`)
  return all.length === 0 ? '' : `: ${all.join(', ')}`
}

function valuesOf({ values, others, mean, min, max, deviation, nulls }: ColumnSummary): string {
  const missing = nulls > 0 ? `, ${figure(nulls)} without a value` : ''
  if (!values) return `mean ${figure(mean)}, from ${figure(min)} to ${figure(max)}, deviation ${figure(deviation)}${missing}`
  const shown = values.slice(0, SHOWN_VALUES).map(({ value, rows }) => `${cell(value)} ${figure(rows)}`)
  const rest = values.slice(SHOWN_VALUES).reduce((sum, { rows }) => sum + rows, others ?? 0)
  return `${shown.join(', ')}${rest > 0 ? `, others ${figure(rest)}` : ''}${missing}`
}

/** A job as it stands. */
export function shownJob(output: Output, job: Job): void {
  const { progress, summary, error } = job
  output.line(`${output.paint('bold', job.id)}  ${job.state}, made ${ago(job.createdAt)} by ${cell(job.createdBy)}`)
  output.line(`  input      ${job.spec.input.map(cell).join(', ')}`)
  output.line(`  target     ${cell(job.spec.output)}`)
  if (error) output.line(`  error      ${cell(error.code)}: ${cell(error.detail)}`)
  if (summary) shownSummary(output, job, summary)
  else output.line(`  progress   ${figure(progress.rowsDone)} of ${figure(progress.rows)} rows, ${progress.shardsDone} of ${progress.shards} shards`)
}

/** What a job would do. */
export function shownPreview(output: Output, preview: JobPreview): void {
  const { deployment, release, files, rows, mapping, unused, first, rejected, columns, seconds } = preview
  output.line(
    `${output.paint('bold', deployment)}  release ${release}, ${files} ${files === 1 ? 'file' : 'files'} of ${bytes(preview.bytes)}, ${rows === null ? 'rows not counted' : `${figure(rows)} rows`}`,
  )
  if (seconds !== null) output.line(`  takes about ${duration(seconds * 1000)}`)
  output.line()
  output.table(
    ['COLUMN', 'TYPE', 'FROM', 'ITS TYPE'],
    mapping.map((one) => [cell(one.column), one.type, cell(one.from), cell(one.fromType)]),
  )
  if (unused.length > 0) output.line(`not used: ${unused.map(cell).join(', ')}`)
  output.line()
  if (first.length > 0) {
    const names = columns.map(({ name }) => name)
    for (const line of alignTable(
      names.map(cell),
      first.map((row) => names.map((name) => cell(row[name]))),
    ))
      output.line(line)
  }
  for (const { row, line, column, code, reason } of rejected)
    output.line(
      `${output.paint('yellow', 'rejected')} row ${row}${line === null ? '' : ` (line ${line})`}${column === null ? '' : ` ${cell(column)}`}: ${code}, ${cell(reason)}`,
    )
}
