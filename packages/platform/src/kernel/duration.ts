const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/y

/**
 * Milliseconds of a duration such as `500ms`, `15m`, `1.5h`, `7d` or `1h30m` (units ms, s, m, h, d, w; largest first, each once).
 * Answers `undefined` for anything else.
 */
export function parseDuration(text: string): number | undefined {
  let total = 0
  let last = Number.POSITIVE_INFINITY
  let position = 0
  while (position < text.length) {
    PART.lastIndex = position
    const match = PART.exec(text)
    const unit = UNITS[match?.[2] ?? '']
    if (!match || unit === undefined || unit >= last) return undefined
    total += Number(match[1]) * unit
    last = unit
    position = PART.lastIndex
  }
  return position === 0 || !Number.isSafeInteger(Math.round(total)) ? undefined : total
}
