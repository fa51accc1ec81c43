import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Candidacy, judge, LOAD_TIMEOUT_MS } from './judge.ts'
import { stateOf } from './state.ts'
import type { ObservedReport } from './types.ts'

const candidacy = (more: Partial<Candidacy> = {}): Candidacy => ({ release: 2, loading: new Set(), deaths: 0, since: 0, ...more })
const report = (process: string, state: ObservedReport['state'], more: Partial<ObservedReport> = {}): ObservedReport => ({
  process,
  deployment: 'a',
  release: 2,
  state,
  ...more,
})

test('it waits for every live process, and counts only what they say of this release', () => {
  const live = ['p1', 'p2']
  const reports = [report('p1', 'ready'), report('p2', 'ready', { release: 1 }), report('gone', 'ready'), report('gone2', 'failed')]
  assert.deepEqual(judge(candidacy(), { reports, live, now: 1 }), { kind: 'wait', step: 'loading: ready on 1 of 2 processes', progress: 0.5 })
  assert.equal(judge(candidacy(), { reports: [...reports.slice(0, 1), report('p2', 'ready')], live, now: 1 }).kind, 'activate')
})

test('the time limit runs only while there is a process to load', () => {
  const c = candidacy()
  assert.equal(judge(c, { reports: [], live: [], now: LOAD_TIMEOUT_MS * 3 }).kind, 'wait')
  assert.equal(judge(c, { reports: [], live: ['p1'], now: LOAD_TIMEOUT_MS * 4 }).kind, 'wait')
  const late = judge(c, { reports: [], live: ['p1'], now: LOAD_TIMEOUT_MS * 4 + 1 })
  assert.ok(late.kind === 'fail' && late.code === 'load-failed' && /0 of 1 process after ten minutes/.test(late.detail))
})

test('one death while loading is forgiven, and deaths of those that do not load do not count', () => {
  const c = candidacy()
  judge(c, { reports: [report('p1', 'loading'), report('p2', 'ready')], live: ['p1', 'p2'], now: 0 })
  assert.equal(judge(c, { reports: [], live: ['p3'], now: 0 }).kind, 'wait')
  assert.equal(c.deaths, 1)
  judge(c, { reports: [report('p3', 'loading')], live: ['p3'], now: 0 })
  assert.equal(judge(c, { reports: [], live: ['p4'], now: 0 }).kind, 'fail')
})

test('a failure without a code of its own is load-failed', () => {
  const verdict = judge(candidacy(), { reports: [report('p1', 'failed', { detail: 'no memory' })], live: ['p1'], now: 0 })
  assert.deepEqual(verdict, { kind: 'fail', code: 'load-failed', detail: 'no memory', execution: null, checks: [] })
})

test('the state of a deployment and the sentence for it', () => {
  const live = ['p1', 'p2']
  const on = (state: ObservedReport['state'], ...processes: string[]) => processes.map((p) => report(p, state, { failure: { code: 'x', detail: 'Broken.' } }))
  const failed = { number: 3, state: 'failed' as const, failure: { code: 'x', detail: 'Broken.' } }
  const away = (process: string) => report(process, 'unloaded', { onDemand: true })
  const cases: [Partial<Parameters<typeof stateOf>[0]>, string, RegExp][] = [
    [{ reports: [away('p1'), away('p2')] }, 'ready', /on 2 serve processes; it is loaded when it is asked for\.$/],
    [{ reports: [report('p1', 'ready'), away('p2')] }, 'ready', /in memory on 1, and loaded on the others when it is asked for/],
    [{ reports: [report('p1', 'unloaded'), report('p2', 'unloaded')] }, 'unloaded', /unloaded on request and does not answer/],
    [{ current: null }, 'empty', /no release yet/],
    [{ current: null, candidate: 1 }, 'loading', /Release 1 is being loaded/],
    [{ current: null, candidate: 1, live: [] }, 'loading', /waits for a serve process/],
    [{ current: null, newest: failed }, 'failed', /Release 3 failed: Broken/],
    [{ reports: on('ready', 'p1', 'p2') }, 'ready', /^Release 2 answers on 2 serve processes\.$/],
    [{ reports: on('ready', 'p1', 'p2'), candidate: 3 }, 'ready', /Release 3 is being loaded/],
    [{ reports: on('ready', 'p1', 'p2'), newest: failed }, 'ready', /Release 3 failed: Broken/],
    [{ reports: on('ready', 'p1') }, 'degraded', /1 of 2 serve processes; the others are loading/],
    [{ reports: [] }, 'loading', /being loaded by 2/],
    [{ reports: [...on('ready', 'p1'), ...on('failed', 'p2')] }, 'degraded', /Broken/],
    [{ reports: on('failed', 'p1', 'p2') }, 'failed', /0 of 2 serve processes: Broken/],
    [{ live: [] }, 'failed', /No serve process is alive/],
  ]
  for (const [given, state, reason] of cases) {
    const told = stateOf({ current: 2, candidate: null, newest: undefined, reports: [], live, ...given })
    assert.equal(told.state, state, JSON.stringify(given))
    assert.match(told.reason, reason)
  }
})
