import type { Telemetry } from '@fairlead/contract/control'
import { formatMs, formatPercent, formatRate } from '../format/number.ts'
import { exactTime } from '../format/time.ts'
import type { SeriesPoint, TelemetrySeries } from './telemetry.ts'

/** Which of the charts. */
export type ChartKind = 'traffic' | 'latency' | 'errors'

interface LineSpec {
  name: string
  points: SeriesPoint[]
  /** Custom property that holds the colour. */
  color: string
  width: number
  fill?: boolean
}

const UNITS: Record<ChartKind, (value: number | null) => string> = { traffic: formatRate, latency: formatMs, errors: formatPercent }

/** Lines of a chart: percentiles are one hue in three weights. */
export function linesOf(kind: ChartKind, series: TelemetrySeries): LineSpec[] {
  if (kind === 'traffic') return [{ name: 'Requests', points: series.requestsPerSecond, color: '--fl-series-traffic', width: 1.75, fill: true }]
  if (kind === 'errors') {
    return [
      { name: 'failed', points: series.failedRate, color: '--fl-series-errors', width: 1.75, fill: true },
      { name: 'refused', points: series.refusedRate, color: '--fl-series-refused', width: 1.25 },
    ]
  }
  return [
    { name: 'p50', points: series.p50, color: '--fl-series-p50', width: 1.25 },
    { name: 'p90', points: series.p90, color: '--fl-series-p90', width: 1.75 },
    { name: 'p99', points: series.p99, color: '--fl-series-p99', width: 2.5 },
  ]
}

/** A value of a chart with its unit. */
export function chartUnit(kind: ChartKind): (value: number | null) => string {
  return UNITS[kind]
}

interface OptionInput {
  kind: ChartKind
  telemetry: Telemetry
  series: TelemetrySeries
  /** Reads a custom property of the page. */
  token: (name: string) => string
  /** Width of the chart in pixels. */
  width: number
}

const LEFT = 64
const RIGHT = 18
const DOT = 4
/** Room that the words at a release marker take, in pixels. */
const LABEL = 84

/** A release marker: its time, its words (empty where a later one speaks for it), and whether they stand at its left. */
export interface Marker {
  at: number
  words: string
  left: boolean
}

/** Markers of the releases: those that stand closer than their words are wide share the words of the last one. */
export function markersOf(telemetry: Telemetry, width: number): Marker[] {
  const [from, to] = [Date.parse(telemetry.from), Date.parse(telemetry.to)]
  const room = (LABEL / Math.max(1, width - LEFT - RIGHT)) * (to - from)
  const releases = telemetry.releases.map(({ at, number }) => ({ at: Date.parse(at), number })).sort((a, b) => a.at - b.at)
  let first: number | undefined
  return releases.map(({ at, number }, index) => {
    const next = releases[index + 1]
    first ??= number
    if (next !== undefined && next.at - at < room) return { at, words: '', left: false }
    const words = first === number ? `release ${number}` : `releases ${first} ${number - first === 1 ? 'and' : 'to'} ${number}`
    first = undefined
    return { at, words, left: to - at < room * (words.length > 12 ? 1.4 : 1) }
  })
}

function markLine({ telemetry, token, width }: OptionInput) {
  return {
    silent: true,
    symbol: 'none',
    animation: false,
    label: { position: 'end', rotate: 0, distance: 4, color: token('--fl-text-soft'), fontSize: 11 },
    lineStyle: { color: token('--fl-line-strong'), type: 'dashed', width: 1 },
    data: markersOf(telemetry, width).map(({ at, words, left }) => ({ xAxis: at, label: { formatter: words, align: left ? 'right' : 'left' } })),
  }
}

/** Where an axis of shares ends: the least of 1, 2, 4 … 100 per cent that is not below any value; its half reads well too. */
export function shareAxisEnd(points: readonly SeriesPoint[]): number {
  const most = points.reduce((peak, [, value]) => Math.max(peak, value ?? 0), 0)
  return [0.01, 0.02, 0.04, 0.06, 0.1, 0.2, 0.4, 0.6].find((end) => most <= end) ?? 1
}

interface TooltipItem {
  seriesName?: string
  marker?: string
  value?: unknown
}

/** Text of the tooltip; the names in it are this module's own, so nothing foreign becomes markup. */
function tooltipOf(kind: ChartKind, items: TooltipItem[]): string {
  const first = items[0]?.value
  const at = Array.isArray(first) ? Number(first[0]) : Number.NaN
  const lines = items.map((item) => {
    const value = Array.isArray(item.value) && typeof item.value[1] === 'number' ? item.value[1] : null
    return `${item.marker ?? ''} ${item.seriesName ?? ''} <b>${UNITS[kind](value).replace('<', '&lt;')}</b>`
  })
  return [exactTime(at), ...lines].join('<br>')
}

/** The chart library's description of one chart. Values start from zero, gaps stay gaps, the time axis is that of the window. */
export function chartOption(input: OptionInput): Record<string, unknown> {
  const { kind, telemetry, series, token } = input
  const end = shareAxisEnd([...series.failedRate, ...series.refusedRate])
  const soft = token('--fl-text-soft')
  const line = token('--fl-line')
  return {
    animation: false,
    aria: { enabled: false },
    textStyle: { fontFamily: token('--fl-font'), fontSize: 11.5 },
    grid: { left: LEFT, right: RIGHT, top: 22, bottom: 24 },
    tooltip: {
      trigger: 'axis',
      confine: true,
      transitionDuration: 0,
      backgroundColor: token('--fl-raised'),
      borderColor: line,
      textStyle: { color: token('--fl-text'), fontSize: 12.5 },
      axisPointer: { type: 'line', lineStyle: { color: token('--fl-line-strong') } },
      formatter: (items: TooltipItem | TooltipItem[]) => tooltipOf(kind, Array.isArray(items) ? items : [items]),
    },
    toolbox: { show: true, top: -40, feature: { dataZoom: { yAxisIndex: false, filterMode: 'none' } } },
    xAxis: {
      type: 'time',
      min: Date.parse(telemetry.from),
      max: Date.parse(telemetry.to),
      axisLine: { lineStyle: { color: line } },
      axisTick: { show: false },
      axisLabel: { color: soft, hideOverlap: true },
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value',
      min: 0,
      ...(kind === 'errors' ? { max: end, interval: end / 2 } : {}),
      splitNumber: 3,
      axisLabel: { color: soft, formatter: (value: number) => UNITS[kind](value) },
      splitLine: { lineStyle: { color: line } },
    },
    series: linesOf(kind, series).map((spec, index) => ({
      type: 'line',
      name: spec.name,
      data: spec.points,
      color: token(spec.color),
      symbolSize: dotsOf(spec.points),
      connectNulls: false,
      lineStyle: { width: spec.width },
      emphasis: { disabled: true },
      ...(spec.fill ? { areaStyle: { opacity: 0.12 } } : {}),
      ...(index === 0 ? { markLine: markLine(input) } : {}),
    })),
  }
}

/** Sizes of the dots of a line: a point between two gaps has no line to be seen by. */
function dotsOf(points: SeriesPoint[]): (value: unknown, item: { dataIndex: number }) => number {
  return (_, { dataIndex }) => (isAlone(points, dataIndex) ? DOT : 0)
}

/** Whether a point has a value and neither neighbour has one. */
export function isAlone(points: readonly SeriesPoint[], index: number): boolean {
  const has = (at: number) => points[at] !== undefined && points[at][1] !== null
  return has(index) && !has(index - 1) && !has(index + 1)
}
