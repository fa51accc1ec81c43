import type { ModelCheck, ModelFacts, RuntimeChoice } from '@fairlead/contract/control'
import { cell } from './format.ts'
import type { Output } from './output.ts'

/** What was stated of a model, or what its folder says: `as=classifier, classes=stays,leaves`. */
export function readingWords({ reading = {} }: Pick<ModelFacts, 'reading'>): string {
  return Object.entries(reading)
    .map(([key, value]) => `${key}=${cell(value)}`)
    .join(', ')
}

/** What a tree ensemble is made of, and the columns that matter most to it. */
export function treeWords({ trees, importance }: Pick<ModelFacts, 'trees' | 'importance'>): string {
  if (!trees) return ''
  const most = importance?.columns.slice(0, 3).map(({ name }) => name)
  const words = `${trees.trees} ${trees.trees === 1 ? 'tree' : 'trees'} of at most ${trees.depth} splits one below the other, ${trees.leaves} leaves`
  return most && most.length > 0 ? `${words}; most by ${most.join(', ')}` : words
}

const WAYS: Record<RuntimeChoice['chosen'], string> = { onnx: 'ONNX Runtime', compiled: 'compiled', python: 'Python' }

/** The ways that were tried when a version was imported, side by side, and why one of them is taken. */
export function printWays(output: Output, choice: RuntimeChoice | undefined): void {
  if (!choice) return
  output.line()
  output.table(
    ['RUNS BY', 'ONE ROW', 'EACH OF MANY', 'ANSWERS'],
    choice.ways.map(({ runtime, measured, problem }) => [
      runtime === choice.chosen ? output.paint('bold', `${WAYS[runtime]} (chosen)`) : WAYS[runtime],
      problem === undefined ? micros(measured[0]?.micros) : '–',
      problem === undefined && measured.length > 0 ? micros(Math.min(...measured.map((one) => one.micros / one.rows))) : '–',
      answersOf(choice, runtime, problem),
    ]),
  )
  output.line(`  ${cell(choice.reason)}`)
  printCosts(output, choice)
}

/** What runs of few and many rows take in each way: as measured when the version was imported, and as estimated by what the model is made of. */
function printCosts(output: Output, { ways, machine }: RuntimeChoice): void {
  const able = ways.filter(({ measured, estimated }) => measured.length > 0 || estimated)
  const sizes = [...new Set(able.flatMap(({ measured, estimated = [] }) => [...measured, ...estimated].map(({ rows }) => rows)))].sort((a, b) => a - b)
  if (sizes.length === 0) return
  const of = (costs: { rows: number; micros: number }[] | undefined, rows: number) => costs?.find((one) => one.rows === rows)?.micros
  output.line()
  output.table(
    ['ROWS A RUN', ...able.flatMap(({ runtime }) => [`${WAYS[runtime].toUpperCase()}, MEASURED`, 'ESTIMATED'])],
    sizes.map((rows) => [
      rows.toLocaleString('en-US'),
      ...able.flatMap(({ measured, estimated }) => [micros(of(measured, rows)), estimated ? micros(of(estimated, rows)) : '–']),
    ]),
  )
  const known =
    machine === undefined ? 'for a machine like the one that estimates were made on' : `for a machine of the measured speed (${machine} of the known time)`
  output.line(`  Estimates count steps, numbers, weights and splits, ${known}.`)
}

function micros(value: number | undefined): string {
  if (value === undefined) return 'not measured'
  return value >= 1000 ? `${Number((value / 1000).toPrecision(2))} ms` : `${Number(value.toPrecision(2))} µs`
}

function answersOf({ agreement, ways }: RuntimeChoice, runtime: RuntimeChoice['chosen'], problem: string | undefined): string {
  if (problem !== undefined) return 'cannot run it'
  if (!agreement || runtime === ways[0]?.runtime) return ways.length > 1 && agreement ? 'the reference' : 'the only ones'
  return agreement.agree ? `equal on ${agreement.rows} rows` : `differ: ${agreement.detail ?? ''}`
}

/** What an import found that people should know, in a line. */
export function noteOf({ name, detail }: ModelCheck): string {
  return `${name}: ${cell(detail)}`
}

/** What was looked at when a version was imported, a line for each. */
export function printChecks(output: Output, checks: readonly ModelCheck[] | undefined): void {
  if (!checks || checks.length === 0) return
  output.line()
  output.table(
    ['CHECKED AT IMPORT', '', 'FOUND'],
    checks.map(({ name, ok, detail }) => [name, ok ? 'ok' : output.paint('bold', 'note'), cell(detail)]),
  )
}
