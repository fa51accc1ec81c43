import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { control } from './control.ts'

const MOST = 1000

/** State of everything; the event stream writes into it, this reads it once. */
export const statusQuery = queryOptions({ queryKey: ['status'], queryFn: ({ signal }) => control.call('getStatus', { signal }), staleTime: 5000 })

export const sessionQuery = queryOptions({ queryKey: ['session'], queryFn: ({ signal }) => control.call('getSession', { signal }), staleTime: 60_000 })

export const modelsQuery = queryOptions({
  queryKey: ['models'],
  queryFn: ({ signal }) => control.call('listModels', { query: { limit: MOST }, signal }),
})

export const modelQuery = (model: string) =>
  queryOptions({ queryKey: ['models', model], queryFn: ({ signal }) => control.call('getModel', { params: { model }, signal }) })

export const versionsQuery = (model: string) =>
  queryOptions({
    queryKey: ['models', model, 'versions'],
    queryFn: ({ signal }) => control.call('listVersions', { params: { model }, query: { limit: MOST }, signal }),
  })

export const versionQuery = (model: string, version: number) =>
  queryOptions({
    queryKey: ['models', model, 'versions', version],
    queryFn: ({ signal }) => control.call('getVersion', { params: { model, version }, signal }),
  })

/** Never changes: a version is immutable. */
export const graphQuery = (model: string, version: number) =>
  queryOptions({
    queryKey: ['graph', model, version],
    queryFn: ({ signal }) => control.call('getVersionGraph', { params: { model, version }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })

export const treeQuery = (model: string, version: number, which: { tree: number; depth: number }) =>
  queryOptions({
    queryKey: ['tree', model, version, which],
    queryFn: ({ signal }) => control.call('getVersionTree', { params: { model, version }, query: which, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })

export const comparisonQuery = (model: string, version: number, other: number) =>
  queryOptions({
    queryKey: ['comparison', model, version, other],
    queryFn: ({ signal }) => control.call('compareVersions', { params: { model, version, other }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })

export const deploymentsQuery = queryOptions({
  queryKey: ['deployments'],
  queryFn: ({ signal }) => control.call('listDeployments', { query: { limit: MOST }, signal }),
  refetchInterval: 10_000,
})

export const deploymentQuery = (deployment: string) =>
  queryOptions({
    queryKey: ['deployments', deployment],
    queryFn: ({ signal }) => control.call('getDeployment', { params: { deployment }, signal }),
    refetchInterval: 10_000,
  })

export const releasesQuery = (deployment: string) =>
  queryOptions({
    queryKey: ['deployments', deployment, 'releases'],
    queryFn: ({ signal }) => control.call('listReleases', { params: { deployment }, query: { limit: MOST }, signal }),
    refetchInterval: 10_000,
  })

export const signatureQuery = (deployment: string) =>
  queryOptions({
    queryKey: ['deployments', deployment, 'signature'],
    queryFn: ({ signal }) => control.call('getDeploymentSignature', { params: { deployment }, signal }),
    staleTime: 60_000,
  })

/** Window of the charts: a duration back from now, or two times. */
export interface ChartWindow {
  since: string
  until?: string | undefined
}

export const telemetryQuery = (deployment: string, window: ChartWindow) =>
  queryOptions({
    queryKey: ['telemetry', deployment, window],
    queryFn: ({ signal }) =>
      control.call('getTelemetry', {
        params: { deployment },
        query: { since: window.since, ...(window.until === undefined ? {} : { until: window.until }) },
        signal,
      }),
    refetchInterval: window.until === undefined ? 10_000 : false,
    placeholderData: keepPreviousData,
  })

/** Filters of the table of predictions, as they stand in the address bar. */
export interface PredictionFilters {
  where?: string | undefined
  release?: number | undefined
  since?: string | undefined
  after?: string | undefined
}

/** The query part of `listPredictions` for these filters; parts without a value are left out. */
export function predictionQuery(filters: PredictionFilters, limit: number) {
  return {
    limit,
    ...(filters.where ? { where: filters.where } : {}),
    ...(filters.release === undefined ? {} : { release: filters.release }),
    ...(filters.since ? { since: filters.since } : {}),
    ...(filters.after ? { next: filters.after } : {}),
  }
}

export const predictionsQuery = (deployment: string, filters: PredictionFilters) =>
  queryOptions({
    queryKey: ['predictions', deployment, filters],
    queryFn: ({ signal }) => control.call('listPredictions', { params: { deployment }, query: predictionQuery(filters, 50), signal }),
    placeholderData: keepPreviousData,
    retry: false,
  })

export const keysQuery = queryOptions({
  queryKey: ['keys'],
  queryFn: ({ signal }) => control.call('listKeys', { query: { limit: MOST }, signal }),
})
