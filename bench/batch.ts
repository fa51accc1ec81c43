import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type RunningPlatform, startPlatform } from '../test/support/platform.ts'
import { cli, FIXTURES, importTrees } from './platform.ts'
import type { Figure } from './report.ts'
import { python, venv } from './serving/venv.ts'

const SIDES = join(import.meta.dirname, 'batch/sides.py')
const PACKAGES = ['numpy==2.4.6', 'pandas==3.1.1', 'pyarrow==26.0.1', 'xgboost-cpu==3.2.0', 'onnxruntime==1.31.1']
const MODELS = { onnx: join(FIXTURES, 'trees_100x30.onnx'), xgboost: join(FIXTURES, 'trees_100x30.xgb.ubj') }
const SMALL_ROWS = 1000

interface Took {
  rows: number
  seconds: number
  processor: number
}

/**
 * Files of 30 float columns through the 100-tree classifier, on all cores: ours from Parquet to Parquet and from CSV to CSV, ONNX Runtime alone
 * from memory, and scripts of pandas and XGBoost over the same files, turn by turn. Ratios are those of one round, by the clock, and by processor
 * time, which says more on a machine that does other things, too. `rows`: of the Parquet file; the CSV file has a fifth.
 */
export async function batch({ rounds, cache, rows }: { rounds: number; cache: string; rows: number }): Promise<Figure[]> {
  const folder = join(cache, 'batch')
  await venv(folder, PACKAGES)
  const at = (name: string) => join(folder, name)
  await prepare(folder, rows)
  const cores = availableParallelism()
  const side = async <T>(...args: string[]): Promise<T> => JSON.parse((await promisify(execFile)(python(folder), [SIDES, ...args])).stdout) as T
  await using platform = await startPlatform({ args: ['--processes', '1'] })
  await importTrees(platform)
  await cli(platform, 'deploy', 'trees', '--model', 'trees')
  const found: Record<string, Took[]> = {}
  const memory: number[] = []
  const starts: number[] = []
  for (let round = 0; round < rounds; round++) {
    const note = (name: string, took: Took) => {
      found[name] = [...(found[name] ?? []), took]
    }
    const ours = await score(platform, at('rows.parquet'), at('ours.parquet'))
    note('parquet', ours)
    memory.push(ours.peak / 2 ** 20)
    note('ort', await side<Took>('ort', MODELS.onnx, folder, String(cores)))
    note('pandas parquet', await side<Took>('pandas', MODELS.xgboost, at('rows.parquet'), at('theirs.parquet'), String(cores)))
    note('csv', await score(platform, at('rows.csv'), at('ours.csv')))
    note('pandas csv', await side<Took>('pandas', MODELS.xgboost, at('rows.csv'), at('theirs.csv'), String(cores)))
    const began = performance.now()
    await score(platform, at('small.csv'), at('small-ours.csv'))
    starts.push((performance.now() - began) / 1000)
    for (const form of ['parquet', 'csv']) {
      const { same } = await side<{ same: boolean }>('compare', at(`ours.${form}`), at(`theirs.${form}`))
      if (!same) throw new Error(`the answers of ours.${form} are not those of XGBoost`)
    }
    process.stderr.write(`round ${round + 1} of ${rounds}\n`)
  }
  return [
    ...rates(found, 'parquet', { ort: 3, 'pandas parquet': 2 }),
    ...rates(found, 'csv', { parquet: 0.5, 'pandas csv': 2 }),
    { name: 'peak memory, Parquet', unit: 'MiB', rounds: memory, bar: { most: 572 } },
    { name: `a job of ${SMALL_ROWS} rows, command and all`, unit: 's', rounds: starts },
  ]
}

const WORDS: Record<string, string> = {
  parquet: 'ours, Parquet to Parquet',
  csv: 'ours, CSV to CSV',
  ort: 'ONNX Runtime alone, from memory',
  'pandas parquet': 'pandas and XGBoost, Parquet to Parquet',
  'pandas csv': 'pyarrow, pandas and XGBoost, CSV to CSV',
}

function rates(found: Record<string, Took[]>, own: string, bars: Record<string, number>): Figure[] {
  const rate = (name: string, by: 'seconds' | 'processor') => found[name]!.map((took) => took.rows / took[by])
  const ours = rate(own, 'seconds')
  const busy = rate(own, 'processor')
  const times = Object.entries(bars).flatMap(([name, least]): Figure[] => [
    ...(name === 'parquet' ? [] : [{ name: WORDS[name]!, unit: 'rows/s', rounds: rate(name, 'seconds') }]),
    { name: `${own}: times the rate of ${WORDS[name]}`, unit: '×', rounds: rate(name, 'seconds').map((other, i) => ours[i]! / other), bar: { least } },
    { name: `${own}: the same by processor time`, unit: '×', rounds: rate(name, 'processor').map((other, i) => busy[i]! / other) },
  ])
  return [{ name: WORDS[own]!, unit: 'rows/s', rounds: ours }, { name: `${WORDS[own]}, of one core's time`, unit: 'rows/s', rounds: busy }, ...times]
}

async function prepare(folder: string, rows: number): Promise<void> {
  const stamp = join(folder, `made-${rows}`)
  if (existsSync(stamp)) return
  mkdirSync(folder, { recursive: true })
  await promisify(execFile)(python(folder), [SIDES, 'make', folder, String(rows), String(Math.ceil(rows / 5))])
  const lines = readFileSync(join(folder, 'rows.csv'), 'utf8')
    .slice(0, SMALL_ROWS * 1000)
    .split('\n')
  writeFileSync(join(folder, 'small.csv'), `${lines.slice(0, SMALL_ROWS + 1).join('\n')}\n`)
  writeFileSync(stamp, '')
}

async function score(platform: RunningPlatform, input: string, output: string): Promise<Took & { peak: number }> {
  const document = JSON.parse(await cli(platform, 'batch', 'run', 'trees', '--input', input, '--output', output, '--json'))
  const { rows, rejected, seconds, processorSeconds, peakMemoryBytes } = document
  if (rejected > 0) throw new Error(`${rejected} rows were rejected`)
  return { rows, seconds, processor: processorSeconds, peak: peakMemoryBytes }
}
