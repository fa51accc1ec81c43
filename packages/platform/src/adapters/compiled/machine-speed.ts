import type { Form } from '@fairlead/evaluator'
import { compile } from '@fairlead/evaluator/run'

/** A hundred complete trees of depth 6 over 30 columns: their answers to 1024 rows took so long where estimates were made. */
const [TREES, DEPTH, COLUMNS, ROWS] = [100, 6, 30, 1024]
const KNOWN_MICROS = 240
const RUNS = 12

/** How long this machine takes now, in times of what the one takes for which costs are estimated; a few hundredths of a second. */
export function machineSpeed(): number {
  const predictor = compile(knownForm())
  const rows = Float32Array.from({ length: ROWS * COLUMNS }, (_, at) => ((at * 7919) % 1009) / 1009)
  const answers = [new Float32Array(ROWS)]
  const times: number[] = []
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now()
    predictor.runInto([rows], ROWS, answers)
    times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  return Number(((times[RUNS >> 2]! * 1000) / KNOWN_MICROS).toPrecision(3))
}

function knownForm(): Form {
  const [splits, all] = [2 ** DEPTH - 1, 2 ** (DEPTH + 1) - 1]
  const nodes = TREES * all
  const isSplit = (node: number) => node % all < splits
  const child = (side: number) => Int32Array.from({ length: nodes }, (_, node) => (isSplit(node) ? node - (node % all) + 2 * (node % all) + side : -1))
  return {
    version: 1,
    source: { format: 'onnx', version: '', objective: '' },
    inputs: [{ name: 'x', type: 'f32', width: COLUMNS }],
    steps: [
      {
        op: 'trees',
        of: [0],
        trees: {
          features: COLUMNS,
          outputs: 1,
          compare: 'f32',
          sum: 'f32',
          zero: 0,
          roots: Int32Array.from({ length: TREES }, (_, tree) => tree * all),
          target: new Int32Array(TREES),
          feature: Int32Array.from({ length: nodes }, (_, node) => (isSplit(node) ? (node * 31) % COLUMNS : -1)),
          rule: new Uint8Array(nodes),
          value: Float64Array.from({ length: nodes }, (_, node) => Math.fround(((node * 613) % 997) / 997)),
          yes: child(1),
          no: child(2),
          leaf: 'scalar',
          vectors: new Float64Array(0),
          sets: { start: Int32Array.of(0), words: new Uint32Array(0) },
          base: Float64Array.of(0),
          baseFirst: true,
          aggregate: 'sum',
          divisor: 1,
        },
      },
    ],
    texts: [],
    outputs: [{ name: 'y', value: 1, role: 'margin', rank: 1 }],
  }
}
