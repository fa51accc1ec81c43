// Answers for the models of a folder: node evaluate.ts FOLDER. Every NAME.job.json there says which model is to be read and
// how; its rows lie in NAME.rows, row after row in the type of the form's input. Writes NAME.answers.json, an array of
// numbers, or of texts, for each output.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  compile,
  type Elements,
  type Form,
  interpret,
  type LightGBMOptions,
  readLightGBM,
  readXGBoost,
  type XGBoostOptions,
} from '../packages/evaluator/src/index.ts'

type Job = { readonly model: string; readonly rows: number } & (
  | { readonly format: 'xgboost'; readonly options: XGBoostOptions }
  | { readonly format: 'lightgbm'; readonly options: LightGBMOptions }
)

const folder = process.argv[2]!
for (const file of readdirSync(folder).filter((name) => name.endsWith('.job.json'))) {
  const name = file.slice(0, -'.job.json'.length)
  const job = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Job
  const form = read(job)
  const { buffer } = new Uint8Array(readFileSync(join(folder, `${name}.rows`)))
  const rows = form.inputs[0]!.type === 'f32' ? new Float32Array(buffer) : new Float64Array(buffer)
  const answers = [...answer(form, rows, job.rows)].map(([output, data]) => [output, data.map(written)])
  writeFileSync(join(folder, `${name}.answers.json`), JSON.stringify(Object.fromEntries(answers)))
}

function read(job: Job): Form {
  const bytes = new Uint8Array(readFileSync(join(folder, job.model)))
  return job.format === 'xgboost' ? readXGBoost(bytes, job.options) : readLightGBM(bytes, job.options)
}

/** JSON has no NaN and no infinities. */
function written(element: number | bigint | string): number | string {
  if (typeof element === 'string') return element
  const number = Number(element)
  return Number.isFinite(number) ? number : String(number)
}

/** What the compiled form says; the plain way must say the same. */
function answer(form: Form, rows: Float32Array | Float64Array, count: number): ReadonlyMap<string, readonly (string | number | bigint)[]> {
  const plain = interpret(form, [rows], count)
  const compiled = compile(form).run({ [form.inputs[0]!.name]: rows }, count)
  return new Map(
    Array.from(plain, ([output, data]) => {
      const [got, wanted] = [Array.from<string | number | bigint | null>(compiled[output]!), said(form, output, data)]
      const at = wanted.findIndex((x, index) => !Object.is(x, got[index]))
      if (at >= 0) throw new Error(`${output} of the compiled form is ${got[at]} at ${at}, and ${wanted[at]} the plain way`)
      return [output, wanted]
    }),
  )
}

/** Numbers as they are; of a label that is a text, the text. */
function said({ texts, steps, inputs, outputs }: Form, output: string, data: Elements): (string | number | bigint)[] {
  const step = steps[outputs.find(({ name }) => name === output)!.value - inputs.length]
  return Array.from<number | bigint, string | number | bigint>(data as ArrayLike<number>, (x) =>
    step?.op === 'choose' && step.to === 'text' ? texts[Number(x)]! : x,
  )
}
