import type { Inference } from '../domain/inference/index.ts'
import { emptySeries, type SeriesSnapshot } from '../domain/monitoring/index.ts'

/** How often something was done, and the nanoseconds that it took in all. */
export interface StatisticDuration {
  count: number
  ns: number
}

/** Statistics of one release as Triton's statistics extension has them. */
export interface ModelStatistics {
  name: string
  version: string
  /** Milliseconds since 1970 of the last request; 0 when there was none. */
  last_inference: number
  /** Rows that were answered. */
  inference_count: number
  /** Runs of the model: fewer than requests where rows went together. */
  execution_count: number
  /** By requests. `compute_input` is reading them, `compute_output` writing their answers. */
  inference_stats: Record<'success' | 'fail' | 'queue' | 'compute_input' | 'compute_infer' | 'compute_output' | 'cache_hit' | 'cache_miss', StatisticDuration>
  response_stats: Record<string, never>
  /** By runs of so many rows. Here `compute_input` is joining the requests' inputs, `compute_output` dealing out the outputs. */
  batch_stats: {
    batch_size: number
    compute_input: StatisticDuration
    compute_infer: StatisticDuration
    compute_output: StatisticDuration
  }[]
  memory_usage: never[]
}

/**
 * Statistics of all releases of one deployment, of one release, or of everything, out of what all processes counted. Throws
 * `deployment-unknown`, `release-unknown`, or `not-ready` before it is known what should run.
 */
export function modelStatistics(
  inference: Inference,
  counted: readonly SeriesSnapshot[],
  { deployment, release }: { deployment?: string | undefined; release?: number | undefined } = {},
): ModelStatistics[] {
  const views = deployment === undefined ? inference.list() : [inference.describe(deployment)]
  return views.flatMap(({ name, releases }) => {
    const numbers = releases.map(({ number }) => number).filter((number) => release === undefined || number === release)
    // says what is wrong with the release that was asked for
    if (release !== undefined && numbers.length === 0) inference.resolve(name, release)
    return numbers.map((number) => statisticsOf(counted.find((one) => one.deployment === name && one.release === number) ?? emptySeries(name, number)))
  })
}

function statisticsOf({ deployment, release, lastAt, rows, runs, sizes, errors, failedMs, histograms }: SeriesSnapshot): ModelStatistics {
  const { total, parse, queue, run, render } = histograms
  const requests = ({ count, sum }: { count: number; sum: number }) => ({ count, ns: nanos(sum) })
  const failed = Object.values(errors).reduce((sum, count) => sum + count, 0)
  return {
    name: deployment,
    version: String(release),
    last_inference: lastAt,
    inference_count: rows,
    execution_count: runs,
    inference_stats: {
      success: requests(total),
      fail: { count: failed, ns: nanos(failedMs) },
      queue: requests(queue),
      compute_input: requests(parse),
      compute_infer: requests(run),
      compute_output: requests(render),
      cache_hit: { count: 0, ns: 0 },
      cache_miss: { count: 0, ns: 0 },
    },
    response_stats: {},
    batch_stats: sizes.map((size) => ({
      batch_size: size.rows,
      compute_input: { count: size.runs, ns: nanos(size.inputMs) },
      compute_infer: { count: size.runs, ns: nanos(size.runMs) },
      compute_output: { count: size.runs, ns: nanos(size.outputMs) },
    })),
    memory_usage: [],
  }
}

function nanos(millis: number): number {
  return Math.round(millis * 1e6)
}
