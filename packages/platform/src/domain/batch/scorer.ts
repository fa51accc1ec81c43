import { ERRORS, type Explanation, FairleadError, MAX_EXPLAINED_ROWS, type ProblemItem } from '@fairlead/contract'
import { type AnswerColumn, type OpenedHere, pickRows, type RowsApart, repeatRows, sliceAll, type Table, type Tensors } from '../inference/index.ts'
import { type ColumnsPart, cutColumns, joinColumns } from './columns.ts'
import { explanationColumns } from './explanation-columns.ts'

/** Why a row of a table has no answer. */
export interface Rejected {
  row: number
  column: string | null
  code: string
  reason: string
}

/** Answers to the rows of a table. */
export interface Scored {
  columns: AnswerColumn[]
  /** The rows that were answered, where not all were. */
  rows: Uint32Array | undefined
  rejected: Rejected[]
}

/** Much longer than any run. */
const DEADLINE_MS = 86_400_000

/** Answers tables by a release: as online, but row by row where something is wrong with some of them. */
export class Scorer {
  readonly #opened: OpenedHere
  readonly #explain: boolean

  constructor(opened: OpenedHere, { explain }: { explain: boolean }) {
    this.#opened = opened
    this.#explain = explain
  }

  /** Answers a table of one row or more. Throws only what is wrong with the model or the table as a whole. */
  async score(table: Table): Promise<Scored> {
    const { rows: plan } = this.#opened.serving
    const apart = new Apart()
    const decoded = plan.decodeTable(table, apart)
    const good = apart.others(table.rows)
    const inputs = good ? pickRows(decoded, good) : decoded
    const count = good?.length ?? table.rows
    const found = count === 0 ? { parts: [], refused: [] } : await this.#run(inputs, count)
    const rejected = [...apart.rows, ...found.refused.map((one) => ({ ...one, row: good ? good[one.row]! : one.row }))]
    const answered = leftOver(good, count, found.refused)
    const rows = answered === undefined && good ? good : answered
    return { columns: joinColumns(found.parts), rows, rejected: rejected.sort((a, b) => a.row - b.row) }
  }

  /** The columns that answers have, as far as they are known without one. */
  emptyColumns(): AnswerColumn[] {
    return this.#opened.serving.answerColumns.of({}, 0)
  }

  async #run(inputs: Tensors, rows: number): Promise<{ parts: ColumnsPart[]; refused: Rejected[] }> {
    const parts: ColumnsPart[] = []
    const refused: Rejected[] = []
    const { portion } = this.#opened
    const attempt = async (from: number, to: number): Promise<void> => {
      if (from >= to) return
      try {
        parts.push({ columns: await this.#answer(sliceAll(inputs, from, to), to - from), rows: to - from })
      } catch (error) {
        const refusal = refusalOf(error)
        const at = refusal.row ?? (to - from === 1 ? 0 : undefined)
        if (at === undefined) {
          const middle = (from + to) >> 1
          await attempt(from, middle)
          await attempt(middle, to)
          return
        }
        await attempt(from, from + at)
        refused.push({ row: from + at, column: refusal.column, code: refusal.code, reason: refusal.reason })
        await this.#inPortions(from + at + 1, to, attempt)
      }
    }
    const step = portion ?? rows
    for (let from = 0; from < rows; from += step) await attempt(from, Math.min(rows, from + step))
    return { parts, refused }
  }

  /** After a refusal others are likely: small portions keep what is tried again small. */
  async #inPortions(from: number, to: number, attempt: (from: number, to: number) => Promise<void>): Promise<void> {
    for (let at = from; at < to; at += RETRY_ROWS) await attempt(at, Math.min(to, at + RETRY_ROWS))
  }

  async #answer(inputs: Tensors, rows: number): Promise<AnswerColumn[]> {
    const { serving, portion } = this.#opened
    // a model of a fixed number of rows gets them, and the answers of those that were made up are dropped
    const short = portion !== undefined && rows < portion
    const asked = short ? repeatRows(inputs, portion) : inputs
    const { outputs } = await serving.run({ inputs: asked, rows: short ? portion : rows, deadline: Date.now() + DEADLINE_MS })
    const columns = serving.answerColumns.of(outputs, short ? portion : rows)
    const own = short ? cutColumns(columns, rows) : columns
    return this.#explain ? [...own, ...(await this.#explained(inputs, rows))] : own
  }

  async #explained(inputs: Tensors, rows: number): Promise<AnswerColumn[]> {
    const explanations: Explanation[] = []
    for (let from = 0; from < rows; from += MAX_EXPLAINED_ROWS) {
      const to = Math.min(rows, from + MAX_EXPLAINED_ROWS)
      explanations.push(...(await this.#opened.serving.explain(sliceAll(inputs, from, to), to - from, Date.now() + DEADLINE_MS)))
    }
    return explanationColumns(explanations)
  }
}

const RETRY_ROWS = 256

/** Keeps the first refusal of each row. */
class Apart implements RowsApart {
  readonly #rows = new Map<number, Rejected>()

  add(row: number, column: string, { code, detail }: { code: string; detail: string }): void {
    if (!this.#rows.has(row)) this.#rows.set(row, { row, column, code, reason: detail })
  }

  get rows(): Rejected[] {
    return [...this.#rows.values()]
  }

  /** The rows that were not put apart; `undefined` where none was. */
  others(rows: number): Uint32Array | undefined {
    if (this.#rows.size === 0) return undefined
    const others = new Uint32Array(rows - this.#rows.size)
    for (let row = 0, at = 0; row < rows; row++) if (!this.#rows.has(row)) others[at++] = row
    return others
  }
}

/** The rows of the table that were answered, where some of `count` were refused. */
function leftOver(good: Uint32Array | undefined, count: number, refused: readonly Rejected[]): Uint32Array | undefined {
  if (refused.length === 0) return undefined
  const gone = new Set(refused.map(({ row }) => row))
  const left = new Uint32Array(count - gone.size)
  for (let row = 0, at = 0; row < count; row++) if (!gone.has(row)) left[at++] = good ? good[row]! : row
  return left
}

const ROW = /^rows\[(\d+)\](?:\.(.+)|\[(".*")\])?$/

/** What refused rows of a run; throws what is no fault of a row. */
function refusalOf(error: unknown): { row: number | undefined; column: string | null; code: string; reason: string } {
  if (!(error instanceof FairleadError)) throw error
  const { http } = ERRORS[error.code]
  const ofRows = error.code === 'model-run-failed' || ((http === 422 || http === 400) && error.code !== 'explanation-unavailable')
  if (!ofRows) throw error
  const [item] = error.items as (ProblemItem | undefined)[]
  const found = item && ROW.exec(item.path)
  if (!found) return { row: undefined, column: null, code: error.code, reason: error.message }
  const [, row, plain, quoted] = found
  return { row: Number(row), column: plain ?? (quoted === undefined ? null : String(JSON.parse(quoted))), code: item.code, reason: item.detail }
}
