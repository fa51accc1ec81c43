import type { Deployment, PredictionPage } from '@fairlead/contract/control'
import { Button, Menu } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { downloadPredictions, MOST_ROWS } from '../api/download.ts'
import { type PredictionFilters, predictionsQuery, statusQuery } from '../api/queries.ts'
import { formatCount, plural } from '../format/number.ts'
import { Empty, Skeleton, TroubleView } from '../ui/feedback.tsx'
import { usePredictCommand } from './predict-command.ts'
import { columnTitle, shownColumns, writeColumns } from './prediction-columns.ts'
import { PredictionFilterBar } from './prediction-filters.tsx'
import { PredictionDrawer, PredictionTable } from './prediction-table.tsx'

/** Logged predictions under filters that stand in the address. */
export function PredictionsTab({ deployment }: { deployment: Deployment }) {
  const search = useSearch({ from: '/shell/deployments/$name' })
  const filters: PredictionFilters = { where: search.where, release: search.release, since: search.since, after: search.after }
  const command = usePredictCommand(deployment.name)
  const page = useQuery(predictionsQuery(deployment.name, filters))
  const newer = useNewer(deployment.name, page.dataUpdatedAt, page.data)
  const filtered = search.where !== undefined || search.release !== undefined || search.since !== undefined
  return (
    <div>
      <PredictionFilterBar deployment={deployment} />
      {page.error ? (
        <TroubleView error={page.error} retry={() => void page.refetch()} />
      ) : page.data === undefined ? (
        <Skeleton lines={8} />
      ) : page.data.items.length === 0 ? (
        filtered ? (
          <Empty title="No prediction matches">Widen the window or change the condition.</Empty>
        ) : (
          <Empty title="No predictions yet" command={command}>
            Every prediction appears here within a second, with its inputs, outputs, release and latency.
          </Empty>
        )
      ) : (
        <Rows deployment={deployment.name} page={page.data} filters={filters} refresh={() => void page.refetch()} newer={newer && search.after === undefined} />
      )}
    </div>
  )
}

interface RowsProps {
  deployment: string
  page: PredictionPage
  filters: PredictionFilters
  refresh: () => void
  /** Whether predictions came after these rows were read. */
  newer: boolean
}

/** A prediction is logged under a time that may differ from the status by this much. */
const SLACK_MS = 50

/** Whether a deployment has answered since its rows were read at `readAt`; the rows stand still until the reader asks for more. */
function useNewer(deployment: string, readAt: number, page: PredictionPage | undefined): boolean {
  const status = useQuery(statusQuery)
  const last = status.data?.deployments.find((row) => row.name === deployment)?.lastPredictionAt ?? null
  const [seen, setSeen] = useState({ readAt: 0, last })
  if (seen.readAt !== readAt) setSeen({ readAt, last })
  const newest = page?.items[0]?._time
  const known = typeof newest === 'string' && last !== null && Date.parse(last) <= Date.parse(newest) + SLACK_MS
  return seen.readAt === readAt && last !== null && last !== seen.last && !known
}

function Rows({ deployment, page, filters, refresh, newer }: RowsProps) {
  const search = useSearch({ from: '/shell/deployments/$name' })
  const navigate = useNavigate({ from: '/deployments/$name' })
  const [open, setOpen] = useState<Record<string, unknown>>()
  const download = useMutation({ mutationFn: (format: 'csv' | 'parquet') => downloadPredictions(deployment, filters, format) })
  const columns = shownColumns(page.columns, search.columns)
  const turn = (after: string | undefined) => void navigate({ search: (was) => ({ ...was, after }) })
  return (
    <>
      <div className="fl-row spread fl-bar-row">
        <span className="fl-soft">
          {filters.after === undefined ? 'Newest' : 'Earlier'} {plural(page.items.length, 'row')}
        </span>
        <span className="fl-row">
          <Button size="compact-sm" variant={newer ? 'filled' : 'default'} onClick={refresh}>
            {newer ? 'Show newer' : 'Read again'}
          </Button>
          <ColumnMenu
            page={page}
            shown={columns.map((column) => column.name)}
            onChange={(names) => void navigate({ search: (was) => ({ ...was, columns: names }), replace: true })}
          />
          {(['csv', 'parquet'] as const).map((format) => (
            <Button
              key={format}
              size="compact-sm"
              variant="default"
              loading={download.isPending && download.variables === format}
              onClick={() => download.mutate(format)}
              title={`Up to ${formatCount(MOST_ROWS)} rows under these filters`}
            >
              {format === 'csv' ? 'CSV' : 'Parquet'}
            </Button>
          ))}
        </span>
      </div>
      {download.error ? <TroubleView error={download.error} /> : null}
      <PredictionTable columns={columns} items={page.items} onOpen={setOpen} />
      <div className="fl-row fl-bar-row">
        <Button size="compact-sm" variant="default" disabled={filters.after === undefined} onClick={() => turn(undefined)}>
          Newest
        </Button>
        <Button size="compact-sm" variant="default" disabled={page.next === null} onClick={() => turn(page.next ?? undefined)}>
          Earlier
        </Button>
      </div>
      {open ? <PredictionDrawer columns={page.columns} item={open} onClose={() => setOpen(undefined)} /> : null}
    </>
  )
}

interface ColumnMenuProps {
  page: PredictionPage
  shown: string[]
  onChange: (names: string | undefined) => void
}

function ColumnMenu({ page, shown, onChange }: ColumnMenuProps) {
  const toggle = (name: string) => {
    const next = shown.includes(name)
      ? shown.filter((one) => one !== name)
      : page.columns.map((column) => column.name).filter((one) => one === name || shown.includes(one))
    onChange(next.length === 0 ? undefined : writeColumns(next))
  }
  return (
    <Menu closeOnItemClick={false} position="bottom-end">
      <Menu.Target>
        <Button size="compact-sm" variant="default">
          Columns
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah={360} style={{ overflowY: 'auto' }}>
        <Menu.Item onClick={() => onChange(undefined)}>As at the start</Menu.Item>
        {page.columns.map((column) => (
          <Menu.Item
            key={column.name}
            role="menuitemcheckbox"
            aria-checked={shown.includes(column.name)}
            leftSection={<span aria-hidden="true">{shown.includes(column.name) ? '✓' : '\u2003'}</span>}
            onClick={() => toggle(column.name)}
          >
            <bdi>{columnTitle(column.name)}</bdi> <span className="fl-soft fl-small">{column.role === 'log' ? column.name : column.role}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
