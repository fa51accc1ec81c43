import { createReadStream, createWriteStream, renameSync, rmSync } from 'node:fs'
import { finished } from 'node:stream/promises'
import { csvCell, safeText } from '../../kernel/csv-cells.ts'
import { flushFile, unwritable } from './files.ts'
import type { BadRow } from './ports.ts'

/** The rejected rows of one shard, and what comes before it in its file. */
export interface RejectedPart {
  path: string
  source: string
  rowsBefore: number
  linesBefore: number
}

const COLUMNS = ['source', 'row', 'line', 'column', 'code', 'reason', 'record']

/**
 * Writes the rejected rows of all shards into one file, which is there whole or not at all: as NDJSON where its name says so, else as CSV. Rows
 * count from 1 within their file, lines as editors show them.
 */
export async function writeQuarantine(path: string, parts: readonly RejectedPart[], building: string): Promise<void> {
  const asJson = /\.(ndjson|jsonl)$/i.test(path)
  const out = createWriteStream(building)
  const failed = finished(out)
  failed.catch(() => {})
  const put = async (text: string) => {
    if (!out.write(text)) await Promise.race([new Promise<void>((resolve) => out.once('drain', () => resolve())), failed])
  }
  try {
    if (!asJson) await put(`${COLUMNS.join(',')}\r\n`)
    for (const part of parts) {
      for await (const line of linesOf(part.path)) {
        const bad = JSON.parse(line) as BadRow
        const row = part.rowsBefore + bad.row + 1
        const at = bad.line === null ? null : part.linesBefore + bad.line + 1
        await put(asJson ? jsonLine(part.source, bad, { row, at }) : csvLine(part.source, bad, { row, at }))
      }
    }
    out.end()
    await failed
    flushFile(building)
    renameSync(building, path)
  } catch (error) {
    out.destroy()
    rmSync(building, { force: true })
    throw unwritable(path, error)
  }
}

/** Lines by their line feeds alone: texts may hold everything else that ends one elsewhere. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of createReadStream(path, 'utf8')) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}

function jsonLine(source: string, { column, code, reason, text }: BadRow, { row, at }: { row: number; at: number | null }): string {
  return `${JSON.stringify({ source, row, line: at, column, code, reason, record: text })}\n`
}

function csvLine(source: string, { column, code, reason, text }: BadRow, { row, at }: { row: number; at: number | null }): string {
  const cells = [source, String(row), at === null ? '' : String(at), column ?? '', code, reason, text]
  return `${cells.map((cell) => csvCell(safeText(cell))).join(',')}\r\n`
}
