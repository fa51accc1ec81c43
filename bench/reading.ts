import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writePmml } from './reading/pmml.ts'
import { type Shape, writeXGBoost } from './reading/xgboost.ts'
import type { Figure } from './report.ts'

const FILES: readonly (Shape & { readonly name: string })[] = [
  { name: 'XGBoost JSON of 100 trees', trees: 100, depth: 6, format: 'json' },
  { name: 'XGBoost JSON of 100 MB', trees: 1_600, depth: 9, format: 'json' },
  { name: 'XGBoost JSON of 10 million nodes, only what a prediction needs', trees: 9_800, depth: 9, format: 'json', terse: true },
  { name: 'XGBoost JSON of one tree of 4 million nodes', trees: 1, depth: 21, format: 'json', terse: true },
  { name: 'XGBoost UBJSON of 10 million nodes', trees: 9_800, depth: 9, format: 'ubjson' },
  { name: 'PMML of a forest for a number', trees: 1_000, depth: 10, format: 'pmml' },
  { name: 'PMML of a forest for two classes', trees: 650, depth: 9, format: 'pmml-classifier' },
]

interface Read {
  readonly seconds: number
  /** Seconds of the processor. */
  readonly processor: number
  readonly nodes: number
  readonly bytes: number
  /** Resident bytes before there was a file, and at most. */
  readonly before: number
  readonly peak: number
}

/** Large model files, each read in a process of its own. */
export async function reading({ rounds }: { rounds: number }): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-reading-'))
  try {
    return FILES.flatMap((shape) => figuresOf(folder, shape, rounds))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function figuresOf(folder: string, shape: (typeof FILES)[number], rounds: number): Figure[] {
  const path = join(folder, 'model')
  const nodes = (shape.format.startsWith('pmml') ? writePmml : writeXGBoost)(path, shape)
  const found = Array.from({ length: rounds }, () => read(path))
  if (found.some((one) => one.nodes !== nodes)) throw new Error(`${shape.name}: ${found[0]!.nodes} nodes were read of ${nodes}`)
  const about = `${shape.name} (${(found[0]!.bytes / 1e6).toFixed(1)} MB, ${nodes.toLocaleString('en-US')} nodes)`
  const seconds: Figure = { name: `${about}: to read it`, unit: 's', rounds: found.map((one) => one.seconds), bar: { most: 10 } }
  const processor: Figure = { name: `${about}: processor time`, unit: 's', rounds: found.map((one) => one.processor) }
  // what a process takes before it has a file says nothing about small ones
  if (found[0]!.bytes < 10e6) return [seconds, processor]
  const ratio = ({ peak, before, bytes }: Read) => (peak - before) / bytes
  return [seconds, processor, { name: `${about}: most memory, the file with it, in sizes of the file`, unit: '', rounds: found.map(ratio), bar: { most: 4 } }]
}

function read(path: string): Read {
  const printed = execFileSync(process.execPath, [join(import.meta.dirname, 'reading/read.process.ts'), path], { encoding: 'utf8' })
  return JSON.parse(printed) as Read
}
