import type { Signature } from '@fairlead/contract'
import type { ModelFacts, ModelWork, RuntimeName } from '@fairlead/contract/control'

/** Rows per run for which costs are told. */
export const COST_ROWS = [1, 16, 128, 1024, 10_000] as const

/**
 * What things cost on the machine that estimates are made for, in microseconds: a run, each of its steps, and for every row each step, each
 * number that goes in or is written, each weight, and each split that is met: by a row that goes down the trees alone, and in a block of
 * rows that go down together. Fitted to what trials measured of models of all kinds.
 */
interface Prices {
  run: number
  step: number
  rowStep: number
  cell: number
  weight: number
  visitAlone: number
  visitTogether: number
}

/** What a model does that Python runs cannot be told from its files. */
type Priced = Exclude<RuntimeName, 'python'>

const PRICES: Record<Priced, Prices> = {
  compiled: { run: 0.3, step: 0.12, rowStep: 0.002, cell: 0.0025, weight: 0.0007, visitAlone: 0.0018, visitTogether: 0.0004 },
  onnx: { run: 7, step: 0.8, rowStep: 0.01, cell: 0.005, weight: 0.0005, visitAlone: 0.005, visitTogether: 0.004 },
}
/** Rows that go down the trees together; fewer take as long, where one by one would take longer. */
const BLOCK: Record<Priced, number> = { compiled: 64, onnx: 1 }

/** Microseconds that a run of `rows` rows should take, on a machine that takes `machine` times as long as the one of the prices. */
export function estimateMicros(runtime: Priced, work: ModelWork, { rows, machine = 1 }: { rows: number; machine?: number | undefined }): number {
  const { run, step, rowStep, cell, weight, visitAlone, visitTogether } = PRICES[runtime]
  const { steps, cells, visits, weights } = work
  const block = BLOCK[runtime]
  const down = visits * Math.min(rows * visitAlone, Math.ceil(rows / block) * block * visitTogether)
  return Math.round(10 * machine * (run + steps * step + down + rows * (steps * rowStep + cells * cell + weights * weight))) / 10
}

/** Estimates for the rows per run for which costs are told. */
export function estimatesOf(runtime: Priced, work: ModelWork, machine?: number): { rows: number; micros: number }[] {
  return COST_ROWS.map((rows) => ({ rows, micros: estimateMicros(runtime, work, { rows, machine }) }))
}

/** What an ONNX graph does for one row, as far as its operators and numbers tell: each number is taken to be used once. */
export function graphWork(
  { operators, parameters }: Pick<ModelFacts, 'operators' | 'parameters'>,
  { inputs, outputs }: Pick<Signature, 'inputs' | 'outputs'>,
): ModelWork {
  const widths = [...inputs, ...outputs].map(({ shape }) => shape.slice(1).reduce((size, one) => size * Math.max(1, one), 1))
  return {
    steps: Object.values(operators).reduce((sum, count) => sum + count, 0),
    cells: widths.reduce((sum, width) => sum + width, 0),
    visits: 0,
    weights: parameters,
  }
}
