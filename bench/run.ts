// npm run bench -- AREA [--json FILE] [--rounds N] [--seconds S] [--fast-lane BOOLEAN]
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { memory } from './memory.ts'
import { type Figure, keeps, machine, median, table } from './report.ts'
import { serving } from './serving.ts'
import { startUp } from './start.ts'

const AREAS: Record<string, (options: { rounds: number; seconds: number; fastLane: string }) => Promise<Figure[]>> = { serving, start: startUp, memory }

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '2' },
    'fast-lane': { type: 'string', default: 'true' },
  },
})
const [area] = positionals
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)
const measure = AREAS[area ?? '']
if (!measure || positionals.length !== 1 || !(rounds >= 1) || !(seconds > 0)) {
  console.error(`npm run bench -- AREA [--json FILE] [--rounds 7] [--seconds 2] [--fast-lane true]\nAREA is one of ${Object.keys(AREAS).join(', ')}.`)
  process.exit(2)
}

const about = machine()
const cores = Number(about.cores)
if (Number(about.load) > cores / 2) console.error(`Careful: this machine is busy (load ${about.load}); the figures will be too low.`)
const figures = await measure({ rounds, seconds, fastLane: values['fast-lane'] })
console.log(table(figures))
if (values.json) {
  const result = {
    area,
    rounds,
    seconds,
    machine: about,
    figures: figures.map((figure) => ({ ...figure, median: median(figure.rounds), kept: keeps(figure) })),
  }
  writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`)
}
process.exit(figures.some((figure) => keeps(figure) === false) ? 10 : 0)
