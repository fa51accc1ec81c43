// npm run bench -- AREA [--json FILE] [--rounds N] [--seconds S] [--fast-lane BOOLEAN] [--runtime auto|onnx|compiled] [--only NAME,NAME] [--cache DIR]
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { batch } from './batch.ts'
import { evaluator } from './evaluator.ts'
import { explain } from './explain.ts'
import { expressions } from './expressions.ts'
import { grpc } from './grpc.ts'
import { importing } from './importing.ts'
import { memory } from './memory.ts'
import { oneConnection } from './one-connection.ts'
import { pipeline } from './pipeline.ts'
import { python } from './python.ts'
import { reading } from './reading.ts'
import { type Figure, keeps, machine, median, table } from './report.ts'
import { wrongChoice } from './serving/contenders.ts'
import { servers } from './serving/servers.ts'
import { serving } from './serving.ts'
import { startUp } from './start.ts'
import { fault } from './steady/fault.ts'
import { heavy } from './steady/heavy.ts'
import { log } from './steady/log.ts'
import { overload } from './steady/overload.ts'
import { processes } from './steady/processes.ts'
import { swap } from './steady/swap.ts'
import { tensors } from './tensors.ts'

interface Options {
  rounds: number
  seconds: number
  fastLane: string
  /** How trees are run by areas that measure one way: `auto`, `onnx`, `compiled`. */
  runtime: string
  only: string[]
  cache: string
  /** Rows of files that are scored. */
  rows: number
}

/** What an area found: for people, for the record, and whether all bars were kept. */
interface Found {
  text: string
  data: object
  kept: boolean
}

/** An area that is a list of figures. */
function figures(measure: (options: Options) => Promise<Figure[]>): (options: Options) => Promise<Found> {
  return async (options) => {
    const wrong = wrongChoice(only)
    if (wrong !== undefined) {
      console.error(wrong)
      process.exit(2)
    }
    const found = await measure(options)
    const data = { figures: found.map((figure) => ({ ...figure, median: median(figure.rounds), kept: keeps(figure) })) }
    return { text: table(found), data, kept: found.every((figure) => keeps(figure) !== false) }
  }
}

const AREAS: Record<string, (options: Options) => Promise<Found>> = {
  serving: figures(serving),
  tensors: figures(tensors),
  grpc: figures(grpc),
  start: figures(startUp),
  memory: figures(memory),
  servers,
  swap: figures(swap),
  heavy: figures(heavy),
  log: figures(log),
  processes: figures(processes),
  fault: figures(fault),
  'one-connection': figures(oneConnection),
  overload: figures(overload),
  reading: figures(reading),
  importing: figures(importing),
  batch: figures(batch),
  evaluator: figures(evaluator),
  explain: figures(explain),
  expressions: figures(expressions),
  pipeline: figures(pipeline),
  python: figures(python),
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '2' },
    'fast-lane': { type: 'string', default: 'true' },
    only: { type: 'string', default: '' },
    runtime: { type: 'string', default: 'auto' },
    rows: { type: 'string', default: '5000000' },
    cache: { type: 'string', default: join(import.meta.dirname, '.cache') },
  },
})
const [area] = positionals
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)
const measure = AREAS[area ?? '']
if (
  !measure ||
  positionals.length !== 1 ||
  !['auto', 'onnx', 'compiled'].includes(values.runtime) ||
  !(rounds >= 1) ||
  !(seconds > 0) ||
  !(Number(values.rows) >= 1)
) {
  console.error(`npm run bench -- AREA [--json FILE] [--rounds 7] [--seconds 2] [--fast-lane true] [--runtime auto|onnx|compiled] [--only NAME,NAME] [--cache DIR] [--rows 5000000]
AREA is one of ${Object.keys(AREAS).join(', ')}.`)
  process.exit(2)
}

const about = machine()
const cores = Number(about.cores)
if (Number(about.load) > cores / 2) console.error(`Careful: this machine is busy (load ${about.load}); the figures will be too low.`)
const only = values.only.split(',').filter((name) => name !== '')
const wrong = wrongChoice(only)
if (wrong !== undefined) {
  console.error(wrong)
  process.exit(2)
}
const found = await measure({
  rounds,
  seconds,
  fastLane: values['fast-lane'],
  runtime: values.runtime,
  only,
  cache: resolve(values.cache),
  rows: Number(values.rows),
})
console.log(found.text)
const short = (_: string, value: unknown): unknown => (typeof value === 'number' ? Number(value.toPrecision(6)) : value)
if (values.json) writeFileSync(values.json, `${JSON.stringify({ area, rounds, seconds, machine: about, ...found.data }, short, 2)}\n`)
process.exit(found.kept ? 0 : 10)
