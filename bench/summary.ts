import type { LoadResult } from './load.ts'

/** What a round measured, of the latencies of its answers in microseconds, since `start` and with the processor time used since `cpu`. */
export function summaryOf(latencies: number[], { start, cpu }: { start: number; cpu: NodeJS.CpuUsage }): Omit<LoadResult, 'wrong' | 'firstWrong'> {
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  latencies.sort((a, b) => a - b)
  const quantile = (q: number): number => latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))] ?? Number.NaN
  return {
    requests: latencies.length,
    perSecond: latencies.length / seconds,
    p50: quantile(0.5),
    p99: quantile(0.99),
    busy: (user + system) / 1e6 / seconds,
  }
}
