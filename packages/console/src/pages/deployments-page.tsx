import { SegmentedControl, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { statusQuery } from '../api/queries.ts'
import { AsOf } from '../app/as-of.tsx'
import { PageHead } from '../app/page-head.tsx'
import { HEALTH_FILTERS } from '../app/search.ts'
import { DeploymentTable } from '../deployment/deployment-table.tsx'
import { FIRST_STEPS } from '../deployment/predict-command.ts'
import { plural } from '../format/number.ts'
import { matches } from '../format/text.ts'
import { Empty, Loaded } from '../ui/feedback.tsx'

const FILTERS = [
  { value: 'all', label: 'All' },
  { value: 'attention', label: 'Needs a look' },
  { value: 'ok', label: 'Healthy' },
  { value: 'unknown', label: 'No data' },
]

/** All deployments by name, live. */
export function DeploymentsPage() {
  const status = useQuery(statusQuery)
  const { q = '', health } = useSearch({ from: '/shell/deployments' })
  const navigate = useNavigate({ from: '/deployments' })
  return (
    <>
      <PageHead title="Deployments" sub="Stable names that answer predictions" actions={<AsOf status={status.data} />} />
      <section className="fl-panel">
        <Loaded query={status}>
          {({ deployments }) => {
            if (deployments.length === 0) {
              return (
                <Empty title="No deployments yet" command={FIRST_STEPS}>
                  A deployment answers predictions under a stable name; each deploy makes its next release.
                </Empty>
              )
            }
            const shown = deployments
              .filter((row) => q === '' || matches(`${row.name} ${row.model ?? ''}`, q))
              .filter((row) => health === undefined || (health === 'attention' ? row.health === 'warn' || row.health === 'alert' : row.health === health))
              .sort((a, b) => a.name.localeCompare(b.name))
            return (
              <>
                <div className="fl-filters">
                  <TextInput
                    className="fl-grow"
                    size="xs"
                    placeholder="Filter by name or model"
                    aria-label="Filter deployments"
                    value={q}
                    onChange={(event) => void navigate({ search: { health, q: event.currentTarget.value || undefined }, replace: true })}
                  />
                  <SegmentedControl
                    size="xs"
                    aria-label="State"
                    value={health ?? 'all'}
                    onChange={(value) => void navigate({ search: { q: q || undefined, health: HEALTH_FILTERS.find((one) => one === value) } })}
                    data={FILTERS}
                  />
                  <span className="fl-soft">{plural(shown.length, 'deployment')}</span>
                </div>
                {shown.length === 0 ? <Empty title="No deployment matches">Change the filter to see the others.</Empty> : <DeploymentTable rows={shown} />}
              </>
            )
          }}
        </Loaded>
      </section>
    </>
  )
}
