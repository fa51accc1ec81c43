import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluateRows } from './testing/frames.ts'
import { random } from './testing/random-expressions.ts'
import { Zone } from './zone.ts'

const ZONES = ['Europe/Berlin', 'America/New_York', 'America/Sao_Paulo', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Africa/Casablanca', 'Pacific/Apia']

function zone(name: string): Zone {
  const found = Zone.of(name)
  assert.ok(found instanceof Zone)
  return found
}

/** What Intl shows of an instant: the day and the time of day. */
function shown(name: string, time: number): string {
  return new Date(time).toLocaleString('sv-SE', { timeZone: name })
}

test('clocks of a zone show what Intl says, also in the hours around a change', () => {
  const next = random(1)
  for (const name of ZONES) {
    const own = zone(name)
    const times = Array.from({ length: 150 }, () => Math.floor(next() * 3e12) - 1e12)
    // 2026: the changes of Europe and North America, to the second before and after
    for (const change of ['2026-03-29T01:00:00Z', '2026-10-25T01:00:00Z', '2026-03-08T07:00:00Z', '2026-11-01T06:00:00Z']) {
      times.push(Date.parse(change) - 1000, Date.parse(change), Date.parse(change) + 3_600_000)
    }
    for (const time of times) {
      const whole = Math.floor(time / 1000) * 1000
      assert.equal(new Date(whole + own.offsetAt(whole)).toISOString().slice(0, 19).replace('T', ' '), shown(name, whole), `${name} ${whole}`)
    }
  }
})

test('days of a zone begin when its clocks say so, also where they skip midnight or show it twice', () => {
  const day = (time: string, name: string) => {
    const [value] = evaluateRows(`truncate('day', at, '${name}')`, { at: 'time' }, [{ at: new Date(time) }])
    return (value as Date).toISOString()
  }
  assert.equal(day('2026-03-29T10:00:00Z', 'Europe/Berlin'), '2026-03-28T23:00:00.000Z')
  assert.equal(day('2026-03-30T10:00:00Z', 'Europe/Berlin'), '2026-03-29T22:00:00.000Z')
  // at midnight clocks went to one
  assert.equal(day('2018-11-04T12:00:00Z', 'America/Sao_Paulo'), '2018-11-04T03:00:00.000Z')
  // at midnight clocks went back to eleven, so the 17th ended twice
  assert.equal(day('2018-02-18T01:30:00Z', 'America/Sao_Paulo'), '2018-02-17T02:00:00.000Z')
  assert.equal(day('2018-02-18T02:30:00Z', 'America/Sao_Paulo'), '2018-02-17T02:00:00.000Z')
})

test('an hour that comes twice stays the one it was in', () => {
  const hour = (time: string) => {
    const [value] = evaluateRows("truncate('hour', at, 'Europe/Berlin')", { at: 'time' }, [{ at: new Date(time) }])
    return (value as Date).toISOString()
  }
  assert.equal(hour('2026-10-25T00:30:00Z'), '2026-10-25T00:00:00.000Z')
  assert.equal(hour('2026-10-25T01:30:00Z'), '2026-10-25T01:00:00.000Z')
})

test('parts and texts of far times are answered', () => {
  const far = [new Date(8.64e15), new Date(-8.64e15), new Date('-000001-06-01T00:00:00Z')]
  const years = evaluateRows(
    "year(at, 'Asia/Kathmandu')",
    { at: 'time' },
    far.map((at) => ({ at })),
  )
  assert.deepEqual(years, [275760, -271821, -1])
  assert.ok('problem' in Zone.of('Mars/Olympus'))
})
