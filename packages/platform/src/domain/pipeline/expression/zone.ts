import { nearestWord } from '../../../kernel/suggestion.ts'
import { daysOfDate, MOST_TIME } from './time-text.ts'

const DAY = 86_400_000
/** Days of the years from 1900 to 2100, whose offsets are remembered. */
const FIRST_DAY = -25_567
const LAST_DAY = 47_846

/** When a zone changes its clocks within a day. */
interface Change {
  at: number
  before: number
  after: number
}

const known = new Map<string, Zone>()

/** A time zone of the IANA database. Offsets are asked of Intl once a day of the calendar, which then answers for all its rows. */
export class Zone {
  readonly #format: Intl.DateTimeFormat
  /** Milliseconds ahead of UTC by day; NaN where nobody asked, infinite where the clocks change. */
  readonly #offsets = new Float64Array(LAST_DAY - FIRST_DAY + 1).fill(Number.NaN)
  readonly #changes = new Map<number, Change>()

  private constructor(name: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  }

  /** The zone of a name, or why there is none. */
  static of(name: string): Zone | { problem: string } {
    const zone = known.get(name)
    if (zone) return zone
    try {
      const made = new Zone(name)
      known.set(name, made)
      return made
    } catch {
      const near = nearestWord(name, Intl.supportedValuesOf('timeZone'))
      return { problem: `there is no time zone '${name.slice(0, 60)}'${near === undefined ? ', as Europe/Berlin is one' : `; did you mean '${near}'?`}` }
    }
  }

  /** Milliseconds that clocks are ahead of UTC at an instant. */
  offsetAt(time: number): number {
    const day = Math.floor(time / DAY)
    if (!(day >= FIRST_DAY && day <= LAST_DAY)) return this.#ask(time)
    const offset = this.#offsets[day - FIRST_DAY]!
    if (Math.abs(offset) < DAY * 2) return offset
    if (Number.isNaN(offset)) {
      this.#learn(day)
      return this.offsetAt(time)
    }
    const { at, before, after } = this.#changes.get(day)!
    return time < at ? before : after
  }

  /** The instant at which clocks show a time; the earlier of two, and where they skip it, as much later as they skip. */
  instantOf(local: number): number {
    const before = this.offsetAt(local - DAY)
    const early = local - before
    if (this.offsetAt(early) === before) return early
    const after = this.offsetAt(local + DAY)
    const late = local - after
    return this.offsetAt(late) === after ? late : early
  }

  #learn(day: number): void {
    let low = day * DAY
    let high = low + DAY
    const before = this.#ask(low)
    const after = this.#ask(high)
    this.#offsets[day - FIRST_DAY] = before === after ? before : Number.POSITIVE_INFINITY
    if (before === after) return
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (this.#ask(middle) === before) low = middle
      else high = middle
    }
    this.#changes.set(day, { at: high, before, after })
  }

  #ask(time: number): number {
    if (!(Math.abs(time) <= MOST_TIME)) return 0
    const parts: Record<string, number> = {}
    let isBefore = false
    for (const { type, value } of this.#format.formatToParts(time)) {
      if (type === 'era') isBefore = value.startsWith('B')
      else parts[type] = Number(value)
    }
    // what clocks show may lie beyond the last day that a Date has
    const days = daysOfDate(isBefore ? 1 - parts.year! : parts.year!, parts.month!, parts.day!)
    const seconds = days * 86_400 + parts.hour! * 3600 + parts.minute! * 60 + parts.second!
    return (seconds - Math.floor(time / 1000)) * 1000
  }
}
