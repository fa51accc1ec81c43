import { escapeHtml } from '@fairlead/contract'
import type { Latencies } from '../objective.ts'
import type { BenchResult, CurvePoint } from '../run.ts'
import { millisText, objectiveText, rateText } from './words.ts'

const WIDTH = 880
const HEIGHT = 420
const FRAME = { left: 64, right: 76, top: 34, bottom: 52 }
const LABEL_GAP = 17

interface Line {
  name: string
  kind: string
  pick(latency: Latencies): number | null
}

interface Scales {
  x(rate: number): number
  y(millis: number): number
  rates: number[]
  millis: number[]
}

/** Latency over offered rate as an SVG picture: a line to a percentile, the objective, and the rate that was found. */
export function chart(result: BenchResult): string {
  const { curve, best, settings } = result
  const points = curve.filter(({ latency }) => latency.p50 !== null)
  if (points.length === 0) return ''
  const scales = scalesOf(points, settings.objective.millis)
  const lines = linesOf(settings.objective.name)
  const about = `Latency over the offered rate, from ${rateText(points[0]!.rate)} to ${rateText(points.at(-1)!.rate)} requests a second. The table below holds the same figures.`
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="chart-title chart-about">
<title id="chart-title">Latency by rate</title><desc id="chart-about">${escapeHtml(about)}</desc>
${grid(scales)}
${objectiveMark(result, scales)}
${best ? bestMark(best, scales) : ''}
${lines.map((line) => path(line, points, scales)).join('\n')}
${marks(points, lines.find(({ kind }) => kind.includes('objective'))!, scales)}
${labels(lines, points, scales)}
</svg>`
}

function linesOf(objective: string): Line[] {
  const lines: Line[] = [
    { name: 'p50', kind: 'p50', pick: ({ p50 }) => p50 },
    { name: 'p90', kind: 'p90', pick: ({ p90 }) => p90 },
    { name: 'p99', kind: 'p99', pick: ({ p99 }) => p99 },
    { name: 'p99.9', kind: 'p999', pick: ({ p999 }) => p999 },
  ]
  const own = lines.find(({ name }) => name === objective)
  if (own) own.kind += ' objective'
  else lines.push({ name: objective, kind: 'p99 objective', pick: (latency) => latency.objective })
  return lines
}

function scalesOf(points: readonly CurvePoint[], objective: number): Scales {
  const all = points.flatMap(({ latency }) => [latency.p50, latency.p999]).filter((millis): millis is number => millis !== null && millis > 0)
  const low = Math.min(...all, objective) / 1.3
  const high = Math.max(...all, objective) * 1.5
  const step = niceStep(points.at(-1)!.rate / 6)
  const largest = Math.ceil((points.at(-1)!.rate * 1.02) / step) * step
  const [left, bottom] = [FRAME.left, HEIGHT - FRAME.bottom]
  return {
    x: (rate) => left + (rate / largest) * (WIDTH - FRAME.right - left),
    y: (millis) => bottom - (Math.log(Math.max(millis, low) / low) / Math.log(high / low)) * (bottom - FRAME.top),
    rates: Array.from({ length: Math.round(largest / step) + 1 }, (_, at) => at * step),
    millis: ticks(low, high),
  }
}

function niceStep(raw: number): number {
  const unit = 10 ** Math.floor(Math.log10(raw))
  return unit * ([1, 2, 5, 10].find((factor) => factor * unit >= raw) ?? 10)
}

/** 1, 2 and 5 of every power of ten; powers alone where that were too many. */
function ticks(low: number, high: number): number[] {
  const found: number[] = []
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) for (const factor of [1, 2, 5]) found.push(factor * 10 ** power)
  const inside = found.map((value) => Number(value.toPrecision(2))).filter((value) => value >= low && value <= high)
  return inside.length > 9 ? inside.filter((value) => /^0?\.?0*10*$/.test(String(value))) : inside
}

const n = (value: number): string => String(Number(value.toFixed(1)))

function grid({ x, y, rates, millis }: Scales): string {
  const [left, right, bottom] = [FRAME.left, WIDTH - FRAME.right, HEIGHT - FRAME.bottom]
  const across = millis.map(
    (value) =>
      `<path class="grid" d="M${left} ${n(y(value))}H${right}"/><text class="tick" x="${left - 8}" y="${n(y(value) + 4)}" text-anchor="end">${millisText(value)}</text>`,
  )
  const along = rates.map(
    (rate) =>
      `<path class="tickmark" d="M${n(x(rate))} ${bottom}v5"/><text class="tick" x="${n(x(rate))}" y="${bottom + 20}" text-anchor="middle">${rate.toLocaleString('en-US')}</text>`,
  )
  return `${across.join('')}<path class="axis" d="M${left} ${bottom}H${right}"/>${along.join('')}
<text class="tick" x="${(left + right) / 2}" y="${HEIGHT - 8}" text-anchor="middle">requests a second, as offered</text>
<text class="tick" x="${left - 8}" y="16" text-anchor="end">latency</text>`
}

function objectiveMark(result: BenchResult, { y }: Scales): string {
  const at = n(y(result.settings.objective.millis))
  return `<path class="goal" d="M${FRAME.left} ${at}H${WIDTH - FRAME.right}"/><text class="goal-text" x="${FRAME.left + 8}" y="${Number(at) - 7}">objective: ${escapeHtml(objectiveText(result))}</text>`
}

function bestMark({ rate }: CurvePoint, { x }: Scales): string {
  const at = x(rate)
  const anchor = at > WIDTH - FRAME.right - 60 ? 'end' : at < FRAME.left + 60 ? 'start' : 'middle'
  return `<path class="best" d="M${n(at)} ${FRAME.top - 8}V${HEIGHT - FRAME.bottom}"/><text class="best-text" x="${n(at)}" y="${FRAME.top - 14}" text-anchor="${anchor}">${rateText(rate)} requests/s</text>`
}

function path({ kind, pick }: Line, points: readonly CurvePoint[], { x, y }: Scales): string {
  const d = points.map((point, at) => `${at === 0 ? 'M' : 'L'}${n(x(point.rate))} ${n(y(pick(point.latency) ?? 0))}`).join('')
  return `<path class="line ${kind}" d="${d}"/>`
}

/** The points of the objective's line: full where it is met, a cross where not, a ring where it cannot be told. */
function marks(points: readonly CurvePoint[], { name, pick }: Line, { x, y }: Scales): string {
  return points
    .map((point) => {
      const millis = pick(point.latency)
      const [cx, cy] = [n(x(point.rate)), n(y(millis ?? 0))]
      const words = `<title>${escapeHtml(`${rateText(point.rate)} requests/s: ${name} ${point.givenUp ? 'more than ' : ''}${millisText(millis)}`)}</title>`
      const round = point.verdict === 'met' ? 'met' : point.verdict === 'generator' ? 'unjudged' : undefined
      return round
        ? `<circle class="${round}" cx="${cx}" cy="${cy}" r="4.5">${words}</circle>`
        : `<g class="missed">${words}<circle cx="${cx}" cy="${cy}" r="8" fill="transparent"/><path d="M${cx} ${cy}m-4.5 -4.5l9 9m0 -9l-9 9"/></g>`
    })
    .join('')
}

/** Names at the ends of the lines, moved apart where lines end together. */
function labels(lines: readonly Line[], points: readonly CurvePoint[], { x, y }: Scales): string {
  const last = points.at(-1)!
  const ends = lines.map((line) => ({ line, at: y(line.pick(last.latency) ?? 0) + 4 })).sort((a, b) => b.at - a.at)
  ends.forEach((end, index) => {
    const below = ends[index - 1]
    if (below) end.at = Math.min(end.at, below.at - LABEL_GAP)
  })
  // where the top is full, all move down together
  const overflow = Math.max(0, 14 - Math.min(...ends.map(({ at }) => at)))
  const from = n(x(last.rate) + 12)
  return ends.map(({ line, at }) => `<text class="name ${line.kind}" x="${from}" y="${n(at + overflow)}">${escapeHtml(line.name)}</text>`).join('')
}
