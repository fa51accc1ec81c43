/** Between a number and its unit; keeps the two on one line. */
const GAP = '\u00a0'
/** What stands where there is no value. */
export const NONE = '–'

/** A number with `digits` significant digits and no trailing zeros; integers of more digits keep them all. */
export function significant(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return String(value)
  if (Math.abs(value) >= 10 ** digits) return Math.round(value).toLocaleString('en-US')
  return String(Number(value.toPrecision(digits)))
}

function scaled(value: number, steps: readonly (readonly [number, string])[], digits = 3): string {
  for (const [size, unit] of steps) {
    if (Math.abs(value) >= size) return `${significant(value / size, digits)}${GAP}${unit}`
  }
  return ''
}

/** A limit in full, its digits grouped: `1,000,000`, `0.25`. */
export function formatLimit(value: number): string {
  return Math.abs(value) >= 1e15 ? String(value) : value.toLocaleString('en-US', { maximumFractionDigits: 15 })
}

/** A count: `842`, `12.4 k`, `1.2 M`. */
export function formatCount(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE
  if (Math.abs(value) < 10_000) return Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en-US') : significant(value)
  return scaled(value, [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ])
}

/** A rate per second: `0 /s`, `0.42 /s`, `1.2 k/s`. */
export function formatRate(perSecond: number | null | undefined): string {
  if (perSecond === null || perSecond === undefined) return NONE
  const count = formatCount(perSecond)
  return /[a-zA-Z]$/.test(count) ? `${count}/s` : `${count}${GAP}/s`
}

/** A duration given in milliseconds: `0.21 ms`, `12.4 ms`, `1.24 s`, `3.2 min`. */
export function formatMs(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return NONE
  if (ms === 0) return `0${GAP}ms`
  if (Math.abs(ms) < 1000) return `${Math.abs(ms) < 0.01 ? '<0.01' : significant(ms)}${GAP}ms`
  return Math.abs(ms) < 120_000 ? `${significant(ms / 1000)}${GAP}s` : `${significant(ms / 60_000)}${GAP}min`
}

/** A share between 0 and 1 as a percentage; shares next to 0 and 1 keep the digits that tell them apart: `99.95 %`, `0.2 %`. */
export function formatPercent(share: number | null | undefined): string {
  if (share === null || share === undefined) return NONE
  const percent = share * 100
  if (percent === 0 || percent === 100) return `${percent}${GAP}%`
  if (percent > 99 && percent < 100) return `${Math.min(99.999, Number(percent.toFixed(percent > 99.9 ? 3 : 2)))}${GAP}%`
  if (percent < 0.01) return `<0.01${GAP}%`
  return `${significant(percent, percent < 1 ? 2 : 3)}${GAP}%`
}

/** A part of a whole among other parts, to a tenth of a percent, so that a column of them lines up: `47.8 %`, `2.6 %`. */
export function formatPart(share: number): string {
  const percent = share * 100
  return percent > 0 && percent < 0.05 ? `<0.1${GAP}%` : `${percent.toFixed(1)}${GAP}%`
}

/** Digits behind the point with which numbers up to `largest` keep three that mean something. */
export function placesFor(largest: number): number {
  return largest > 0 ? Math.min(8, Math.max(0, 2 - Math.floor(Math.log10(largest)))) : 0
}

/** What is added to a sum, with its sign and so many digits behind the point: `+0.61`, `−1.20`. */
export function formatSigned(value: number, places: number): string {
  const size = Math.abs(value).toLocaleString('en-US', { minimumFractionDigits: places, maximumFractionDigits: places })
  return `${value < 0 ? '−' : value > 0 ? '+' : ''}${size}`
}

/** A size in bytes, in decimal units: `512 B`, `12.4 MB`. */
export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return NONE
  if (Math.abs(bytes) < 1000) return `${bytes}${GAP}B`
  return scaled(bytes, [
    [1e12, 'TB'],
    [1e9, 'GB'],
    [1e6, 'MB'],
    [1e3, 'kB'],
  ])
}

/** A measured quantity with no unit of its own, such as a metric: four digits, zeros kept, so that a column of them lines up. */
export function formatFigure(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE
  return Number.isInteger(value) || !Number.isFinite(value) || Math.abs(value) >= 10_000 ? significant(value, 4) : value.toPrecision(4)
}

/** `1 release`, `3 releases`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)}${GAP}${count === 1 ? one : many}`
}
