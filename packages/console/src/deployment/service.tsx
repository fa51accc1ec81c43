import { Button, SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { saveText } from '../api/download.ts'
import { telemetryQuery } from '../api/queries.ts'
import { telemetryCsv } from '../charts/telemetry.ts'
import { TelemetryTable } from '../charts/telemetry-table.tsx'
import { clockTime, RANGES, type Range } from '../format/time.ts'
import { Empty, Skeleton, TroubleView } from '../ui/feedback.tsx'
import { Panel } from '../ui/show.tsx'
import { usePredictCommand } from './predict-command.ts'

const ServiceCharts = lazy(() => import('../charts/service-charts.tsx').then((module) => ({ default: module.ServiceCharts })))

/** The window on show when none is chosen: an hour, or less while an hour would be mostly empty. */
function firstRange(createdAt: string): Range {
  return Date.now() - Date.parse(createdAt) < 15 * 60_000 ? '15m' : '1h'
}

/** Service charts of a deployment with their window picker; what is shown stands in the address. */
export function Service({ name, createdAt }: { name: string; createdAt: string }) {
  const search = useSearch({ from: '/shell/deployments/$name' })
  const navigate = useNavigate({ from: '/deployments/$name' })
  const command = usePredictCommand(name)
  const range = search.range ?? firstRange(createdAt)
  const zoomed = search.from !== undefined && search.to !== undefined
  const telemetry = useQuery(telemetryQuery(name, zoomed ? { since: search.from ?? '', until: search.to } : { since: range }))
  const setRange = (next: Range) => void navigate({ search: (was) => ({ ...was, range: next, from: undefined, to: undefined }) })
  const setWindow = (from: string, to: string) => void navigate({ search: (was) => ({ ...was, from, to }) })
  const setView = (view: string) => void navigate({ search: (was) => ({ ...was, view: view === 'table' ? 'table' : undefined }), replace: true })
  return (
    <Panel
      title="Service"
      flush
      aside={
        <span className="fl-row">
          {zoomed ? (
            <Button size="compact-sm" variant="light" onClick={() => setRange(range)}>
              {clockTime(search.from ?? '')} to {clockTime(search.to ?? '')}, show the last {range} again
            </Button>
          ) : null}
          <SegmentedControl size="xs" aria-label="Window" value={zoomed ? '' : range} onChange={(value) => setRange(value as Range)} data={[...RANGES]} />
          <SegmentedControl
            size="xs"
            aria-label="Form"
            value={search.view ?? 'charts'}
            onChange={setView}
            data={[
              { value: 'charts', label: 'Charts' },
              { value: 'table', label: 'Table' },
            ]}
          />
          <Button
            size="compact-sm"
            variant="default"
            disabled={!telemetry.data}
            onClick={() => telemetry.data && saveText(telemetryCsv(telemetry.data), `${name}-telemetry.csv`, 'text/csv')}
          >
            CSV
          </Button>
        </span>
      }
    >
      {telemetry.data === undefined ? (
        telemetry.error ? (
          <TroubleView error={telemetry.error} retry={() => void telemetry.refetch()} />
        ) : (
          <Skeleton lines={3} height={110} />
        )
      ) : telemetry.data.points.every((point) => point.requests === 0) ? (
        <Empty title="Nothing was asked in this window" command={command}>
          Requests, latency and errors of this deployment appear here within seconds of the first prediction.
        </Empty>
      ) : search.view === 'table' ? (
        <TelemetryTable telemetry={telemetry.data} />
      ) : (
        <Suspense fallback={<Skeleton lines={3} height={110} />}>
          <ServiceCharts telemetry={telemetry.data} onWindow={setWindow} />
        </Suspense>
      )}
    </Panel>
  )
}
