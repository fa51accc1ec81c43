import { repeatRows } from './tensors.ts'
import type { Session, Tensors } from './types.ts'

/** Rows per run that are tried. */
export const MEASURED_ROWS = [1, 8, 32, 128, 512] as const
const BUDGET_MS = 150
const SLICE_MS = 2
/** So many that a small model is measured as it runs when the engine has compiled what is around it. */
const MOST_RUNS = 1000
const SLOW_MS = 50

/** How long runs take, and whether the model's answers have as many rows as its questions. */
export interface Measurement {
  /** Median duration of one run by rows per run. */
  measured: { rows: number; micros: number }[]
  /** Whether rows are independent as far as shapes tell: every output of a run of n rows has n rows. */
  rowwise: boolean
}

/**
 * Times a run with putting its rows together: where rows are large, that costs more than runs with many of them save. A long run counts by the
 * processor time of this thread, which is told in steps of some milliseconds: on a busy machine the clock says more about the others.
 */
async function time(session: Session, gather: () => Tensors): Promise<{ millis: number; outputs: Tensors }> {
  const used = process.threadCpuUsage()
  const start = performance.now()
  const inputs = gather()
  const outputs = session.runSync ? session.runSync(inputs) : await session.run(inputs)
  const millis = performance.now() - start
  if (millis <= SLOW_MS || !session.runSync) return { millis, outputs }
  const { user, system } = process.threadCpuUsage(used)
  return { millis: Math.min(millis, (user + system) / 1000), outputs }
}

async function median(session: Session, gather: () => Tensors): Promise<number> {
  const until = performance.now() + SLICE_MS
  const times: number[] = []
  while (times.length < 3 || (times.length < MOST_RUNS && performance.now() < until)) {
    const { millis } = await time(session, gather)
    times.push(millis)
    if (millis > SLOW_MS) break
  }
  times.sort((a, b) => a - b)
  return times[times.length >> 1]!
}

export interface MeasureOptions {
  /** Only the given number of rows can be run. */
  fixedRows: boolean
  /** Rows per run. */
  sizes?: readonly number[]
  /** Rows are put together beforehand: what is asked is what the model takes, not what serving takes. */
  gathered?: boolean
}

/**
 * Measures a session on one row repeated to 1, 8, 32 … 512 rows, or on several rows repeated to the sizes asked for; stops when runs get
 * long, after about 150 ms in all. The first run of each size is not counted: it warms the model.
 */
export async function measureSession(
  session: Session,
  inputs: Tensors,
  { fixedRows, sizes = MEASURED_ROWS, gathered = false }: MeasureOptions,
): Promise<Measurement> {
  const until = performance.now() + BUDGET_MS
  const measured: Measurement['measured'] = []
  let rowwise = !fixedRows
  for (const rows of fixedRows ? [1] : sizes) {
    const ready = gathered ? repeatRows(inputs, rows) : undefined
    const gather = () => ready ?? (rows === 1 ? inputs : repeatRows(inputs, rows))
    const first = await time(session, gather)
    if (rows > 1 && Object.values(first.outputs).some((output) => output.shape[0] !== rows)) {
      rowwise = false
      break
    }
    measured.push({ rows, micros: Math.round(10_000 * (first.millis > SLOW_MS ? first.millis : await median(session, gather))) / 10 })
    if (first.millis > SLOW_MS || performance.now() > until) break
  }
  return { measured, rowwise }
}

/**
 * Rows per run: the fewest that come within a tenth of the best rate, among runs of at most `longestMs`. One row where even
 * that takes longer.
 */
export function chooseTile(measured: Measurement['measured'], longestMs: number): number {
  const allowed = measured.filter(({ rows, micros }) => rows === 1 || micros <= longestMs * 1000)
  const rate = ({ rows, micros }: { rows: number; micros: number }) => rows / Math.max(0.1, micros)
  const best = Math.max(0, ...allowed.map(rate))
  return allowed.find((point) => rate(point) >= 0.9 * best)?.rows ?? 1
}
