import type { JobPreview } from '@fairlead/contract/control'
import { type AnswerColumn, answerCells } from '../inference/index.ts'
import { pickColumns } from './columns.ts'
import { type PlanOptions, planJob } from './plan.ts'
import type { Scorer } from './scorer.ts'
import { outputColumns } from './shard.ts'

const SHOWN_ROWS = 5
const SHOWN_REJECTED = 20
const TRIED_ROWS = 4096

/** What a job would do: it is planned, and its first rows are scored. Nothing is written. Throws as `planJob`. */
export async function previewJob(options: PlanOptions & { scorer(): Promise<Scorer> }): Promise<JobPreview> {
  const { spec, release, forms, threads } = options
  const { plan, mapping, bytes } = await planJob(options)
  const preview: JobPreview = {
    deployment: spec.deployment,
    release: release.release.number,
    files: plan.files.length,
    bytes,
    rows: plan.rows,
    shards: plan.shards.length,
    mapping: mapping.wanted.map(({ column: { name, type }, from, type: fromType }) => ({ column: name, type, from, fromType })),
    unused: mapping.unused,
    columns: [...plan.kept, ...plan.columns].map(({ name, type }) => ({ name, type })),
    first: [],
    rejected: [],
    seconds: null,
  }
  for (const { name, type } of mapping.absent) preview.mapping.push({ column: name, type, from: null, fromType: null })
  const [shard] = plan.shards
  if (!shard) return preview
  const file = plan.files[shard.file]!
  const source = await forms.source(plan.format)
  using reader = source.open({ file: file.path, piece: shard.piece, how: file.how, wanted: file.wanted, kept: plan.kept, batchRows: TRIED_ROWS })
  const scorer = await options.scorer()
  const began = performance.now()
  const batch = await reader.next()
  if (!batch) return preview
  const scored = batch.table.rows > 0 ? await scorer.score(batch.table) : { columns: [], rejected: [], rows: undefined }
  const took = performance.now() - began
  if (scored.columns.length > 0) {
    const kept = scored.rows ? pickColumns(batch.kept, scored.rows) : batch.kept
    const columns = outputColumns(kept, scored.columns)
    preview.columns = columns.map(({ name, type }) => ({ name, type }))
    preview.first = firstRows(columns, Math.min(SHOWN_ROWS, scored.rows?.length ?? batch.table.rows))
  }
  const faults = batch.faults.map(({ row, line, column, code, reason }) => ({ row: row + 1, line: lineOf(line, file.headLines), column, code, reason }))
  const refused = scored.rejected.map(({ row, column, code, reason }) => ({
    row: batch.number(row) + 1,
    line: lineOf(batch.line(row), file.headLines),
    column,
    code,
    reason,
  }))
  preview.rejected = [...faults, ...refused].sort((a, b) => a.row - b.row).slice(0, SHOWN_REJECTED)
  const rows = batch.table.rows + faults.length
  // the first rows are slow: code is being compiled
  if (plan.rows !== null && rows > 0) preview.seconds = Math.round(((took / rows) * plan.rows) / threads) / 1000
  return preview
}

function lineOf(line: number | null, before: number): number | null {
  return line === null ? null : line + before + 1
}

function firstRows(columns: readonly AnswerColumn[], rows: number): Record<string, unknown>[] {
  const cells = columns.map((column) => answerCells(column, rows))
  return Array.from({ length: rows }, (_, row) => Object.fromEntries(columns.map(({ name }, place) => [name, cells[place]![row]])))
}
