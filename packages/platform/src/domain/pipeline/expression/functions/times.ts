import { dayOf, monthOf, PARTS, TRUNCATE, yearOf } from '../loops/calendar.ts'
import { checked, checkedBinary, unary } from '../node.ts'
import type { Operand } from '../operand.ts'
import { daysOfDate, daysOfMonth, MOST_TIME, parseTime } from '../time-text.ts'
import { Zone } from '../zone.ts'
import { type Call, define, type FunctionDefinition, type Parameter } from './definition.ts'

type Time = Operand<'time'>
type Num = Operand<'number'>
type Text = Operand<'text'>

const ZONE: Parameter = { type: 'text', optional: true, constant: true }

/** The zone that an argument names; none where it is not there or is UTC. */
function zoneOf(argument: Text | undefined, index: number, call: Call): Zone | undefined {
  const name = argument?.constant
  if (typeof name !== 'string' || name === 'UTC') return undefined
  const zone = Zone.of(name)
  if ('problem' in zone) throw call.refuse(index, zone.problem)
  return zone
}

/** What clocks of a zone show, as a time of UTC. */
function shown(time: Time, zone: Zone | undefined, slot: number): Time {
  if (!zone) return time
  return unary('time', slot, time, (out, a, count) => {
    for (let i = 0; i < count; i++) out[i] = a[i]! + zone.offsetAt(a[i]!)
  })
}

function part(name: keyof typeof PARTS): FunctionDefinition {
  return define<[Time, Text?]>(['time', ZONE], ([time, zone], slot, call) => unary('number', slot, shown(time, zoneOf(zone, 1, call), slot), PARTS[name]))
}

const truncate = define<[Text, Time, Text?]>(
  [{ type: 'text', constant: true, choices: Object.keys(TRUNCATE) }, 'time', ZONE],
  ([unit, time, place], slot, call) => {
    const zone = zoneOf(place, 2, call)
    const begin = TRUNCATE[unit.constant!]!
    if (!zone) {
      return unary('time', slot, time, (out, a, count) => {
        for (let i = 0; i < count; i++) out[i] = begin(a[i]!)
      })
    }
    return unary('time', slot, time, (out, a, count) => {
      for (let i = 0; i < count; i++) {
        const offset = zone.offsetAt(a[i]!)
        const local = begin(a[i]! + offset)
        // of an hour that comes twice it stays in the one it was in
        out[i] = zone.offsetAt(local - offset) === offset ? local - offset : zone.instantOf(local)
      }
    })
  },
)

const LENGTHS: Record<string, number> = { millisecond: 1, second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000, week: 604_800_000 }
const MONTHS: Record<string, number> = { month: 1, quarter: 3, year: 12 }

/** A time some months later, on the last day of the month where the month has no such day. */
function monthsLater(time: number, months: number): number {
  const all = yearOf(time) * 12 + monthOf(time) - 1 + months
  const year = Math.floor(all / 12)
  const month = all - year * 12 + 1
  const day = Math.min(dayOf(time), daysOfMonth(year, month))
  return daysOfDate(year, month, day) * 86_400_000 + (time - Math.floor(time / 86_400_000) * 86_400_000)
}

const add = define<[Text, Num, Time]>(
  [{ type: 'text', constant: true, choices: [...Object.keys(LENGTHS), ...Object.keys(MONTHS)] }, 'number', 'time'],
  ([unit, amount, time], slot) => {
    const length = LENGTHS[unit.constant!]
    const months = MONTHS[unit.constant!] ?? 0
    // both are numbers of 64 bits and differ only in what they mean
    return checkedBinary<'time', 'time'>('time', slot, [amount as unknown as Time, time], ({ out, a, b, bad, count }) => {
      let any = false
      for (let i = 0; i < count; i++) {
        const n = a[i]!
        const moved = length === undefined ? monthsLater(b[i]!, Math.trunc(n) * months) : b[i]! + Math.trunc(n * length)
        if (!(Math.abs(moved) <= MOST_TIME)) {
          bad[i] = 1
          any = true
        }
        out[i] = moved
      }
      return any
    })
  },
)

function between(length: number): FunctionDefinition {
  return define<[Time, Time]>(['time', 'time'], (sides, slot) =>
    checkedBinary('number', slot, [sides[0], sides[1]], ({ out, a, b, count }) => {
      for (let i = 0; i < count; i++) out[i] = (b[i]! - a[i]!) / length
      return false
    }),
  )
}

const fromEpoch = define<[Num]>(['number'], ([seconds], slot) =>
  checked('time', slot, seconds, (out, a, bad, count) => {
    let any = false
    for (let i = 0; i < count; i++) {
      const time = Math.round(a[i]! * 1000)
      if (!(Math.abs(time) <= MOST_TIME)) {
        bad[i] = 1
        any = true
      }
      out[i] = time
    }
    return any
  }),
)

const toTime = define<[Text]>(['text'], ([text], slot) =>
  checked('time', slot, text, (out, a, bad, count) => {
    let any = false
    for (let i = 0; i < count; i++) {
      const time = parseTime(a[i]!)
      if (time === undefined) {
        bad[i] = 1
        any = true
      } else out[i] = time
    }
    return any
  }),
)

export const TIME_FUNCTIONS: Record<string, FunctionDefinition> = {
  ...Object.fromEntries(Object.keys(PARTS).map((name) => [name, part(name as keyof typeof PARTS)])),
  days_between: between(86_400_000),
  epoch: define<[Time]>(['time'], ([time], slot) =>
    unary('number', slot, time, (out, a, count) => {
      for (let i = 0; i < count; i++) out[i] = a[i]! / 1000
    }),
  ),
  from_epoch: fromEpoch,
  hours_between: between(3_600_000),
  minutes_between: between(60_000),
  seconds_between: between(1000),
  time_add: add,
  to_time: toTime,
  truncate,
}
