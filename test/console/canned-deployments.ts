import {
  type ApiKey,
  type Deployment,
  type DeploymentStatus,
  type PredictionPage,
  type Release,
  releaseSettings,
  type Status,
  type Telemetry,
} from '@fairlead/contract/control'
import { ago, exampleRow, NOW, sha, signature } from './canned-models.ts'

export function release(deployment: string, number: number, state: Release['state']): Release {
  return {
    deployment,
    number,
    digest: sha(number + 300),
    model: { name: 'credit-risk', version: Math.max(1, number - 3), digest: sha(number) },
    pipeline: [{ model: {} }, { decide: { field: 'decision', label: 'review', when: 'probabilities.bad > 0.35', otherwise: 'accept' } }],
    settings: releaseSettings.parse({ logRedact: ['telephone'] }),
    state,
    failure: state === 'failed' ? { code: 'model-run-failed', detail: 'The golden row 14 gave bad in place of good.' } : null,
    execution: {
      runtime: 'onnx',
      mode: 'inline',
      reason: 'One row takes 0.04 ms, less than the 0.1 ms that a worker would add.',
      workers: 1,
      loadMs: 41.2,
      measured: [
        { rows: 1, micros: 40 },
        { rows: 256, micros: 2100 },
      ],
      tile: 1024,
    },
    checks: [{ kind: 'golden', rows: 200, passed: state !== 'failed', largestDifference: 1e-7 }],
    ...(number % 3 === 1
      ? {
          signatureChanges: [
            { path: 'columns.telephone', breaking: true, detail: 'removed: rows that send it are refused' },
            { path: 'fields.decision', breaking: false, detail: 'added to the answer' },
          ],
        }
      : {}),
    createdAt: ago(60 + (7 - number) * 1500),
    createdBy: 'ada@example.org',
    activatedAt: state === 'active' ? ago(38) : ago(70 + (7 - number) * 1500),
  }
}

export function deployment(name: string): Deployment {
  return {
    name,
    state: 'ready',
    reason: 'Release 7 answers in both serve processes.',
    current: release(name, 7, 'active'),
    releases: 7,
    observed: ['serve-1', 'serve-2'].map((process) => ({ process, release: 7, state: 'ready', since: ago(38) })),
    urls: {
      predict: `http://127.0.0.1:7310/v1/deployments/${name}/predict`,
      openapi: `http://127.0.0.1:7310/v1/deployments/${name}/openapi.json`,
      docs: `http://127.0.0.1:7310/v1/deployments/${name}/docs`,
      oip: `http://127.0.0.1:7310/v2/models/${name}`,
    },
    createdAt: ago(9000),
    updatedAt: ago(38),
  }
}

const HEALTH = ['ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'warn', 'ok', 'unknown', 'ok', 'alert'] as const
const REASON = {
  ok: 'Answers within its usual latency; no errors in the last five minutes.',
  warn: 'p99 is 84 ms, 4 times what it was an hour ago, since release 7.',
  alert: '12 % of the requests of the last five minutes failed: queue-full.',
  unknown: 'No request in the last hour.',
}

function row(name: string, at: number): DeploymentStatus {
  const health = HEALTH[at % HEALTH.length] ?? 'ok'
  const quiet = health === 'unknown'
  return {
    name,
    state: 'ready',
    health,
    reason: REASON[health],
    release: (at % 9) + 1,
    model: `${name.slice(0, 50)}:${(at % 5) + 1}`,
    activatedAt: ago(38 + at * 400),
    requestsPerSecond: quiet ? 0 : 3.21 * (at + 1) ** 2,
    errorRate: quiet ? null : health === 'alert' ? 0.12 : at % 3 ? 0 : 0.0004,
    latency: quiet ? { p50: null, p90: null, p99: null } : { p50: 0.41 + at / 10, p90: 1.2 + at / 5, p99: health === 'warn' ? 84 : 4.2 + at },
    refusedRate: quiet ? null : at % 4 ? 0 : 0.031,
    failedRate: quiet ? null : health === 'alert' ? 0.12 : at % 3 ? 0 : 0.0004,
    lastPredictionAt: quiet ? ago(4000) : ago(0.02),
    sparkline: Array.from({ length: 60 }, (_, minute) =>
      quiet || (minute > 20 && minute < 26) ? null : Math.max(0, 8 + 5 * Math.sin(minute / 6 + at) + ((minute * 7 + at) % 4)),
    ),
  }
}

const LONG = ['churn-prediction-for-business-customers-of-the-northern-region-v2', 'x'.repeat(100), 'fraud.card-not-present_eu-west']
export const LITTLE = ['credit-risk', 'churn', 'fraud-card']

/** Names of the deployments in a state of the canned platform. */
export function names(state: string): string[] {
  if (state === 'empty') return []
  if (state !== 'lots') return LITTLE
  return ['credit-risk', ...LONG, ...Array.from({ length: 196 }, (_, at) => `model-${['pricing', 'demand', 'returns', 'routing'][at % 4]}-${at + 1}`)]
}

export function status(state: string): Status {
  const deployments = names(state).map((name, at) => row(name, state === 'lots' ? at : at === 2 ? 7 : at))
  const bad = deployments.filter((one) => one.health === 'warn' || one.health === 'alert').length
  return {
    at: new Date().toISOString(),
    version: '0.1.0',
    startedAt: ago(5000),
    health: state === 'empty' ? 'unknown' : state === 'lots' ? 'alert' : 'warn',
    sentence:
      state === 'empty'
        ? 'Everything runs; no deployment answers yet.'
        : `${deployments.length - bad} deployments healthy, ${bad} ${bad === 1 ? 'needs' : 'need'} a look: p99 of ${deployments.find((one) => one.health !== 'ok')?.name} is 84 ms, 4 times what it was, since release 7.`,
    deployments,
    processes: [
      { id: 'control', role: 'control', pid: 4120, state: 'ready', startedAt: ago(5000), restarts: 0, memoryBytes: 121_000_000, cpu: 0.02 },
      { id: 'serve-1', role: 'serve', pid: 4133, state: 'ready', startedAt: ago(5000), restarts: 0, memoryBytes: 142_000_000, cpu: 0.31 },
      {
        id: 'serve-2',
        role: 'serve',
        pid: 4134,
        state: state === 'lots' ? 'draining' : 'ready',
        startedAt: ago(12),
        restarts: 3,
        memoryBytes: 139_000_000,
        cpu: 0.28,
      },
    ],
    storage: { dataDir: '/srv/fairlead/.fairlead', freeBytes: 84_200_000_000, modelBytes: 312_000_000, logBytes: 4_120_000_000 },
    addresses: { control: 'http://127.0.0.1:7300', http: 'http://127.0.0.1:7310', grpc: state === 'empty' ? null : '127.0.0.1:7311' },
  }
}

const SPANS: Record<string, number> = { '15m': 15, '1h': 60, '6h': 360, '24h': 1440, '7d': 10_080 }

export function telemetry(name: string, query: URLSearchParams, state: string): Telemetry {
  const until = query.get('until')
  const to = until ? Date.parse(until) : NOW
  const from = until ? Date.parse(query.get('since') ?? '') : NOW - (SPANS[query.get('since') ?? '1h'] ?? 60) * 60_000
  const stepSeconds = Math.max(10, Math.round((to - from) / 120_000 / 10) * 10)
  const count = state === 'empty' ? 0 : Math.floor((to - from) / 1000 / stepSeconds)
  const points = Array.from({ length: count }, (_, at) => {
    const requests = at > count * 0.2 && at < count * 0.25 ? 0 : Math.round(stepSeconds * (20 + 8 * Math.sin(at / 9) + ((at * 13) % 5)))
    const slow = at > count * 0.4 ? 4 : 1
    const some = requests > 0
    return {
      at: new Date(from + at * stepSeconds * 1000).toISOString(),
      requests,
      rows: requests * 3,
      errors: at > count * 0.4 ? Math.round(requests * 0.004 * (at % 4)) : 0,
      refused: at > count * 0.4 ? Math.round(requests * 0.003 * (at % 4)) : 0,
      p50: some ? 0.4 + 0.1 * Math.sin(at / 5) : null,
      p90: some ? 1.2 + 0.3 * Math.sin(at / 4) : null,
      p99: some ? (4 + Math.sin(at / 3)) * slow : null,
      queueMs: some ? 0.1 : null,
      runMs: some ? 0.2 : null,
    }
  }).filter((_, at) => at < count * 0.6 || at > count * 0.66)
  return {
    deployment: name,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    stepSeconds,
    points,
    releases:
      state === 'empty' ? [] : [{ at: ago(38), number: 7, model: 'credit-risk:4' }].filter((one) => Date.parse(one.at) > from && Date.parse(one.at) < to),
  }
}

export function predictions(query: URLSearchParams, state: string): PredictionPage {
  const log = [
    ['_id', 'string'],
    ['_time', 'timestamp'],
    ['_release', 'int32'],
    ['_model', 'string'],
    ['_caller', 'string'],
    ['_total_ms', 'float64'],
    ['_run_ms', 'float64'],
  ] as const
  const page = Number(query.get('next') ?? 0)
  const count = state === 'empty' || query.get('where')?.includes('nothing') ? 0 : 50
  return {
    columns: [
      ...log.map(([name, type]) => ({ name, type, role: 'log' as const })),
      ...signature.columns.map((column) => ({ name: column.name, type: column.type, role: 'input' as const })),
      { name: 'label', type: 'string', role: 'output' },
      { name: 'probabilities_bad', type: 'float32', role: 'output' },
      { name: 'probabilities_good', type: 'float32', role: 'output' },
    ],
    items: Array.from({ length: count }, (_, at) => ({
      ...exampleRow,
      _id: `0193a7c2-${String(page * 50 + at).padStart(4, '0')}-7000-8000-5f1e2d3c4b5a/0`,
      _time: ago(page * 5 + at / 10),
      _release: 7,
      _model: 'credit-risk:4',
      _caller: 'loopback',
      _total_ms: 0.41 + at / 100,
      _run_ms: 0.2,
      age: 20 + at,
      credit_amount: 900 + 317 * at,
      label: at % 4 ? 'good' : 'bad',
      probabilities_bad: (at % 10) / 10,
      probabilities_good: 1 - (at % 10) / 10,
    })),
    next: count > 0 && page < 3 ? String(page + 1) : null,
  }
}

export function keys(state: string): ApiKey[] {
  if (state === 'empty') return []
  const key = { createdAt: ago(9000), createdBy: 'admin', expiresAt: null, revokedAt: null, limits: null, usage: [] }
  const resetsAt = new Date(Math.ceil(NOW / 86_400_000) * 86_400_000).toISOString()
  return [
    {
      ...key,
      id: 'k1',
      name: 'website',
      prefix: 'fl_7Yk2',
      scopes: ['predict'],
      deployments: ['credit-risk'],
      expiresAt: new Date(NOW + 30 * 86_400_000).toISOString(),
      limits: { rate: '100/s', burst: 200, quota: '1000000/day', deployments: { 'credit-risk': { quota: '5000/month' } } },
      usage: [
        { deployment: null, window: 'day', rows: 412_730, limit: 1_000_000, resetsAt },
        { deployment: 'credit-risk', window: 'month', rows: 5000, limit: 5000, resetsAt },
      ],
    },
    { ...key, id: 'k2', name: 'grafana of the platform team', prefix: 'fl_aa91', scopes: ['read'], deployments: [] },
    { ...key, id: 'k3', name: 'old batch host', prefix: 'fl_00Zx', scopes: ['predict', 'read'], deployments: [], revokedAt: ago(2000) },
  ]
}
