// Explains the models of a folder: node explain.ts FOLDER. Every NAME.job.json there says which model is to be read, and how many rows
// of NAME.rows (float64, row after row) are to be explained, the last of them being the background. Writes NAME.contributions as float64.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { explainer, type Form, readLightGBM, readSkops, readXGBoost } from '../packages/evaluator/src/index.ts'

const READERS: Record<string, (bytes: Uint8Array) => Form> = { xgboost: readXGBoost, lightgbm: readLightGBM, skops: readSkops }

interface Job {
  readonly format: string
  readonly model: string
  readonly rows: number
  /** 0 for path-dependent values. */
  readonly background: number
}

const folder = process.argv[2]!
for (const file of readdirSync(folder).filter((name) => name.endsWith('.job.json'))) {
  const name = file.slice(0, -'.job.json'.length)
  const { format, model, rows, background } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Job
  const form = READERS[format]!(new Uint8Array(readFileSync(join(folder, model))))
  const data = new Float64Array(new Uint8Array(readFileSync(join(folder, `${name}.rows`))).buffer)
  const width = data.length / (rows + background)
  const others = { rows: data.subarray(rows * width), count: background }
  const explain = explainer(form, background > 0 ? { background: others } : {})
  writeFileSync(join(folder, `${name}.contributions`), new Uint8Array(explain.explain(data.subarray(0, rows * width), rows).buffer))
}
