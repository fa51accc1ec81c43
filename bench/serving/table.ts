import { digits, median } from '../report.ts'
import { type Contender, LOADS, type Load } from './contender.ts'
import type { Block, Round } from './measure.ts'

/** One line of a table: medians of the rounds, and of the ratios within each. */
export interface Line {
  name: string
  title: string
  perSecond: number
  /** Share of the echo's rate in the same round. */
  ofEcho?: number
  /** How many times as fast ours was in the same round. */
  oursIs?: number
  /** The same by processor time a request, which a busy machine and a busy generator leave alone. */
  oursNeeds?: number
  bar?: number
  kept?: boolean
  p50: number
  p99: number
  /** Our p99 as a share of this server's, in the same round. */
  oursP99?: number
  micros?: number
  /** The generator was computing most of the time: the server could do more. */
  generatorBound: boolean
}

/** A server without figures, and the reason. */
export interface Failure {
  name: string
  title: string
  failure: string
}

const BUSY = 0.9

/** The lines of one load, the quickest beside its echo first, since rates of different minutes cannot be compared; servers that failed come apart. */
export function lines(blocks: readonly Block[], load: Load, contenders: readonly Contender[]): { lines: Line[]; failures: Failure[] } {
  const found: Line[] = []
  const failures: Failure[] = []
  for (const contender of contenders) {
    const { name, title } = contender
    const own = blocks.filter((block) => block.load === load && block.sides.some((side) => side.name === name))
    const trios = own.flatMap((block) => trio(block, name))
    const failure = own.flatMap(({ sides }) => sides.filter((side) => side.name === name)).find((side) => side.failure !== undefined)?.failure
    if (failure !== undefined) failures.push({ name, title, failure })
    if (trios.length > 0) found.push(line(contender, load, trios))
  }
  return { lines: found.sort((a, b) => (b.ofEcho ?? 0) - (a.ofEcho ?? 0) || b.perSecond - a.perSecond), failures }
}

/** The rounds of one server, each with those of ours and of the echo that ran beside it. */
interface Trio {
  own: Round
  echo: Round | undefined
  ours: Round | undefined
}

function trio(block: Block, name: string): Trio[] {
  const of = (wanted: string): Round[] => block.sides.find((side) => side.name === wanted)?.rounds ?? []
  return of(name).map((own, at) => ({ own, echo: of('echo')[at], ours: of('fairlead')[at] }))
}

function line({ name, title, bars }: Contender, load: Load, trios: readonly Trio[]): Line {
  const own = trios.map((round) => round.own)
  const ofEcho = ratios(trios, ({ own, echo }) => echo && own.perSecond / echo.perSecond)
  const oursIs = name === 'fairlead' ? undefined : ratios(trios, ({ own, ours }) => ours && ours.perSecond / own.perSecond)
  const oursP99 = name === 'fairlead' ? undefined : ratios(trios, ({ own, ours }) => ours && ours.p99 / own.p99)
  const oursNeeds = name === 'fairlead' ? undefined : ratios(trios, ({ own, ours }) => ours?.micros && own.micros && ours.micros / own.micros)
  const micros = ratios(trios, ({ own }) => own.micros)
  const bar = bars?.[load]
  return {
    name,
    title,
    perSecond: median(own.map(({ perSecond }) => perSecond)),
    p50: median(own.map(({ p50 }) => p50)),
    p99: median(own.map(({ p99 }) => p99)),
    generatorBound: median(own.map(({ busy }) => busy)) > BUSY,
    ...(ofEcho === undefined ? {} : { ofEcho }),
    ...(oursIs === undefined ? {} : { oursIs }),
    ...(oursP99 === undefined ? {} : { oursP99 }),
    ...(oursNeeds === undefined ? {} : { oursNeeds }),
    ...(micros === undefined ? {} : { micros }),
    ...(bar === undefined || oursIs === undefined ? {} : { bar, kept: oursIs >= bar }),
  }
}

function ratios(trios: readonly Trio[], ratio: (trio: Trio) => number | undefined): number | undefined {
  const values = trios.map(ratio).filter((value) => value !== undefined)
  return values.length === 0 ? undefined : median(values)
}

const times = (value: number | undefined): string => (value === undefined ? '' : `${digits(value)} ×`)
const millis = (micros: number): string => digits(micros / 1000)

/** A Markdown table of one load. */
export function serversTable(load: Load, found: ReturnType<typeof lines>): string {
  const rows = found.lines.map((line) => {
    const bar = line.bar === undefined ? '' : `≥ ${digits(line.bar)} ${line.kept ? 'yes' : '**no**'}`
    const rate = `${line.generatorBound ? '≥ ' : ''}${digits(line.perSecond)}`
    const micros = line.micros === undefined ? '' : digits(line.micros)
    return `| ${[line.title, rate, times(line.ofEcho), times(line.oursIs), bar, millis(line.p50), millis(line.p99), times(line.oursP99), micros, times(line.oursNeeds)].join(' | ')} |`
  })
  return [
    `### ${LOADS[load].title}`,
    '',
    '| server | requests/s | of the echo | Fairlead is | bar | p50 ms | p99 ms | p99 of Fairlead | processor µs a request | Fairlead needs |',
    '|---|---:|---:|---:|---|---:|---:|---:|---:|---:|',
    ...rows,
    ...(found.failures.length === 0 ? [] : ['', ...found.failures.map(({ title, failure }) => `- ${title}: no figures, or not all: ${oneLine(failure)}`)]),
  ].join('\n')
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, 400)
}
