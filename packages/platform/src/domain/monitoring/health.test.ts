import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HealthState } from '@fairlead/contract/control'
import { type DeploymentFacts, deploymentHealth, type PlatformFacts, platformHealth } from './health.ts'
import { emptySums } from './point.ts'

const sums = (requests: number, errors = 0, faults = 0) => ({ ...emptySums(), requests, errors, faults })

const DEPLOYMENTS: [string, Partial<DeploymentFacts>, HealthState, RegExp][] = [
  ['failed', { state: 'failed', reason: 'The model cannot be read' }, 'alert', /^The model cannot be read$/],
  ['empty', { state: 'empty', reason: 'No release yet' }, 'unknown', /No release yet/],
  ['first release loading', { state: 'loading', reason: 'Loading release 1' }, 'unknown', /Loading/],
  ['nothing asked', {}, 'ok', /nothing was asked/],
  ['busy', { sums: sums(3000) }, 'ok', /^Answering 10 requests\/s, no errors/],
  ['one fault of many', { sums: sums(20, 1, 1) }, 'ok', /1 failed in/],
  ['one request, one fault', { sums: sums(1, 1, 1) }, 'ok', /1 failed in/],
  ['all of few failed', { sums: sums(2, 2, 2) }, 'alert', /100 % of 2 requests failed/],
  ['1 % failed', { sums: sums(200, 2, 2) }, 'warn', /1 % of 200 requests failed/],
  ['below 1 %', { sums: sums(1000, 9, 9) }, 'ok', /9 failed in/],
  ['5 % failed', { sums: sums(100, 5, 5) }, 'alert', /5 % of 100/],
  ['degraded', { state: 'degraded', reason: '1 of 2 processes answer' }, 'warn', /1 of 2/],
  ['degraded and failing', { state: 'degraded', reason: 'x', sums: sums(10, 10, 10) }, 'alert', /100 %/],
  ['callers send nonsense', { sums: sums(10, 5, 0) }, 'warn', /50 % .* refused/],
  ['some callers do', { sums: sums(100, 10, 0) }, 'ok', /10 refused for what callers sent in/],
  ['some of both', { sums: sums(1000, 10, 4) }, 'ok', /4 failed, 6 refused/],
]

for (const [name, facts, health, reason] of DEPLOYMENTS) {
  test(`deployment, ${name}: ${health}`, () => {
    const verdict = deploymentHealth({ state: 'ready', reason: 'Ready', sums: emptySums(), seconds: 300, ...facts })
    assert.equal(verdict.health, health)
    assert.match(verdict.reason, reason)
  })
}

const serve = { role: 'serve' as const, state: 'ready' as const, memoryBytes: 1e8, eventLoopP99Ms: 1 }
const verdict = (health: HealthState) => ({ health, reason: `it is ${health}` })
const GB = 2 ** 30

const PLATFORMS: [string, Partial<PlatformFacts>, HealthState, RegExp][] = [
  ['nothing deployed', {}, 'ok', /nothing is deployed yet/],
  ['one deployment', { deployments: [{ name: 'a', verdict: verdict('ok') }] }, 'ok', /^a is ready and healthy\.$/],
  [
    'deployment alert',
    {
      deployments: [
        { name: 'a', verdict: verdict('alert') },
        { name: 'b', verdict: verdict('warn') },
      ],
    },
    'alert',
    /^a: it is alert, and 1 other finding\.$/,
  ],
  ['deployment warns', { deployments: [{ name: 'a', verdict: verdict('warn') }] }, 'warn', /a: it is warn/],
  [
    'a reason that ends as a sentence',
    { deployments: [{ name: 'a', verdict: { health: 'warn', reason: 'It was unloaded.' } }] },
    'warn',
    /^a: It was unloaded\.$/,
  ],
  ['all unknown', { deployments: [{ name: 'a', verdict: verdict('unknown') }] }, 'unknown', /a: it is unknown/],
  [
    'some unknown',
    {
      deployments: [
        { name: 'a', verdict: verdict('unknown') },
        { name: 'b', verdict: verdict('ok') },
      ],
    },
    'ok',
    /1 of 2 deployments are ready/,
  ],
  ['no process', { processes: [] }, 'alert', /No serve process/],
  ['one of two', { processes: [serve, { ...serve, state: 'starting' }] }, 'warn', /1 of 2 serve processes/],
  ['all dead', { processes: [{ ...serve, state: 'dead' }] }, 'alert', /No serve process/],
  ['log loses', { droppedRows: 3 }, 'alert', /lost 3 rows/],
  ['disk full', { freeBytes: 100 << 20 }, 'alert', /100 MB of disk/],
  ['disk nearly full', { freeBytes: 1024 << 20 }, 'warn', /1024 MB/],
  ['memory', { processes: [{ ...serve, memoryBytes: 15 * GB }] }, 'warn', /93\.8 % of the machine/],
  ['blocked', { processes: [{ ...serve, eventLoopP99Ms: 400 }] }, 'warn', /blocked for 400 ms/],
]

for (const [name, facts, health, sentence] of PLATFORMS) {
  test(`platform, ${name}: ${health}`, () => {
    const result = platformHealth({ deployments: [], processes: [serve], droppedRows: 0, freeBytes: 50 * GB, totalMemoryBytes: 16 * GB, ...facts })
    assert.equal(result.health, health)
    assert.match(result.sentence, sentence)
  })
}
