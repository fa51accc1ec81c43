import { cpus, loadavg, totalmem } from 'node:os'

/** One figure of a benchmark: its rounds, and the bar it is held to. */
export interface Figure {
  name: string
  unit: string
  rounds: number[]
  /** The bar: at most or at least this much. */
  bar?: { most: number } | { least: number }
}

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[half] as number) : ((sorted[half - 1] as number) + (sorted[half] as number)) / 2
}

/** Whether the median keeps to the bar; undefined without one. */
export function keeps(figure: Figure): boolean | undefined {
  if (!figure.bar) return undefined
  return 'most' in figure.bar ? median(figure.rounds) <= figure.bar.most : median(figure.rounds) >= figure.bar.least
}

/** A number with three digits that count. */
export function digits(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US')
  return value.toPrecision(3)
}

/** A Markdown table of medians with the span of the rounds and the bars. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const kept = keeps(figure)
    const bar = figure.bar ? ('most' in figure.bar ? `≤ ${digits(figure.bar.most)}` : `≥ ${digits(figure.bar.least)}`) : ''
    const span = `${digits(Math.min(...figure.rounds))} – ${digits(Math.max(...figure.rounds))}`
    return `| ${figure.name} | ${digits(median(figure.rounds))} ${figure.unit} | ${span} | ${bar} | ${kept === undefined ? '' : kept ? 'yes' : '**no**'} |`
  })
  return ['| what | median | rounds from – to | bar | kept |', '|---|---:|---:|---:|---|', ...rows].join('\n')
}

/** What ran the benchmark, for the record. */
export function machine(): Record<string, unknown> {
  return {
    node: process.version,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    load: loadavg()[0],
    at: new Date().toISOString(),
  }
}
