// Answers for the models of a folder: node evaluate.ts FOLDER. Every NAME.job.json there says which model is to be read and
// how; its rows lie in NAME.rows as float32, row after row. Writes NAME.answers.json, an array of numbers for
// each output, in which `NaN` and infinities are texts.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compile, type Elements, type Form, interpret, readXGBoost, type XGBoostOptions } from '../packages/evaluator/src/index.ts'

interface Job {
  readonly format: 'xgboost'
  readonly model: string
  readonly rows: number
  readonly options: XGBoostOptions
}

const folder = process.argv[2]!
for (const file of readdirSync(folder).filter((name) => name.endsWith('.job.json'))) {
  const name = file.slice(0, -'.job.json'.length)
  const job = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Job
  const form = readXGBoost(new Uint8Array(readFileSync(join(folder, job.model))), job.options)
  const bytes = new Uint8Array(readFileSync(join(folder, `${name}.rows`)))
  const answers = [...answer(form, new Float32Array(bytes.buffer), job.rows)].map(([output, data]) => [
    output,
    Array.from<number | bigint, number | string>(data as ArrayLike<number | bigint>, (x) => (Number.isFinite(Number(x)) ? Number(x) : String(x))),
  ])
  writeFileSync(join(folder, `${name}.answers.json`), JSON.stringify(Object.fromEntries(answers)))
}

/** What the plain way says; the compiled form must say the same. */
function answer(form: Form, rows: Float32Array, count: number): ReadonlyMap<string, Elements> {
  const plain = interpret(form, [rows], count)
  const compiled = compile(form).run({ [form.inputs[0]!.name]: rows }, count)
  for (const [output, data] of plain) {
    const at = data.findIndex((x, index) => !Object.is(x, compiled[output]![index]))
    if (at >= 0) throw new Error(`${output} of the compiled form is ${compiled[output]![at]} at ${at}, and ${data[at]} the plain way`)
  }
  return plain
}
