import type { ReportFacts } from '../report/words.ts'
import type { BenchResult, CurvePoint } from '../run.ts'

/** A rate as a test needs it. */
export function samplePoint(rate: number, p99: number, more: Partial<CurvePoint> = {}): CurvePoint {
  return {
    rate,
    achieved: rate * 0.998,
    requests: rate * 5,
    measurements: 1,
    latency: { p50: p99 / 6, p90: p99 / 2.4, p99, p999: p99 * 1.6, max: p99 * 2.1, objective: p99 },
    failed: {},
    lateShare: 0,
    waitedShare: 0,
    givenUp: false,
    verdict: p99 <= 20 ? 'met' : 'latency',
    ...more,
  }
}

/** A benchmark that found 8,350 requests a second at p99 ≤ 20 ms. */
export function sampleResult(more: Partial<BenchResult> = {}): BenchResult {
  const best = samplePoint(8350, 12.4, { measurements: 2 })
  return {
    startedAt: '2026-01-02T03:04:05.000Z',
    seconds: 92.4,
    settings: { objective: { name: 'p99', share: 0.99, millis: 20 }, duration: 5, maxRate: undefined, arrivals: 'poisson', seed: 1 },
    connections: 64,
    timeoutMs: 10_000,
    closedLoop: { perSecond: 9120, latency: { p50: 6.8, p90: 8.1, p99: 11.2, p999: 15, max: 21, objective: 11.2 } },
    curve: [
      samplePoint(912, 0.84),
      samplePoint(2740, 1.3),
      samplePoint(4560, 1.9),
      samplePoint(6380, 3.2),
      samplePoint(7750, 6.1),
      best,
      samplePoint(8740, 34, { measurements: 3 }),
      samplePoint(9120, 180, { failed: { 503: 312, timeout: 2 }, verdict: 'failures' }),
    ],
    best,
    limit: 'latency',
    firstWrong: undefined,
    ...more,
  }
}

export const SAMPLE_FACTS: ReportFacts = {
  name: 'credit-risk',
  url: 'http://127.0.0.1:7310',
  interface: 'rows',
  rowsPerRequest: 1,
  requests: 20,
  facts: [
    ['Release', '3, sha256:6f1c, of credit-risk:4; prediction log async'],
    ['This machine', 'A processor, 8 cores, 16 GB of memory, load 0.4 at the start'],
  ],
  command: 'fairlead bench credit-risk --latency p99=20ms',
}
