import type { Status } from '@fairlead/contract/control'
import { TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useLiveLink } from '../api/live.ts'
import { statusQuery } from '../api/queries.ts'
import { AsOf } from '../app/as-of.tsx'
import { PageHead } from '../app/page-head.tsx'
import { DeploymentTable } from '../deployment/deployment-table.tsx'
import { FIRST_STEPS } from '../deployment/predict-command.ts'
import { formatBytes, plural } from '../format/number.ts'
import { matches } from '../format/text.ts'
import { clockTime } from '../format/time.ts'
import { HealthSummary } from '../system/health-summary.tsx'
import { Empty, Loaded } from '../ui/feedback.tsx'
import { Icon } from '../ui/icons.tsx'
import { Ago, Facts, Panel } from '../ui/show.tsx'
import { byAttention } from '../ui/state.ts'

const MANY = 8

/** The status dashboard. */
export function OverviewPage() {
  const status = useQuery(statusQuery)
  return (
    <>
      <PageHead title="Overview" actions={<AsOf status={status.data} />} />
      <Loaded query={status} lines={6}>
        {(data) => (
          <>
            <Sentence status={data} />
            <Deployments status={data} />
            <System status={data} />
          </>
        )}
      </Loaded>
    </>
  )
}

/** One sentence on everything, true as far as is known: what a lost platform said last is told as that. */
function Sentence({ status }: { status: Status }) {
  const lost = useLiveLink().state === 'lost'
  const tone = lost ? 'unknown' : status.health
  return (
    <section className="fl-banner" data-tone={tone} aria-label="State of everything">
      <span style={{ color: `var(--fl-${tone})` }}>
        <Icon name={tone} size={22} />
      </span>
      <div>
        <p className="fl-sentence">
          {lost ? `The platform has not answered since ${clockTime(status.at)}. What stands here is from then; this page goes on by itself.` : status.sentence}
        </p>
        {lost ? <p className="fl-soft">Then: {status.sentence}</p> : null}
      </div>
    </section>
  )
}

function Deployments({ status }: { status: Status }) {
  const { q = '' } = useSearch({ from: '/shell/' })
  const navigate = useNavigate({ from: '/' })
  const rows = status.deployments.filter((row) => q === '' || matches(`${row.name} ${row.model ?? ''}`, q)).sort(byAttention)
  const setQuery = (text: string) => void navigate({ search: (search) => ({ ...search, q: text || undefined }), replace: true })
  const filter =
    status.deployments.length > MANY ? (
      <TextInput
        size="xs"
        placeholder="Filter by name or model"
        aria-label="Filter deployments"
        value={q}
        onChange={(event) => setQuery(event.currentTarget.value)}
      />
    ) : null
  return (
    <Panel title={`Deployments${q ? `, ${rows.length} of ${status.deployments.length}` : ''}`} aside={filter} flush>
      {status.deployments.length === 0 ? (
        <Empty title="No deployments yet" command={FIRST_STEPS}>
          Each deployment stands here with its traffic, latency, errors and release. Import a model first, then deploy it.
        </Empty>
      ) : rows.length === 0 ? (
        <Empty title="No deployment matches">Nothing here is called “{q}”.</Empty>
      ) : (
        <DeploymentTable rows={rows} />
      )}
    </Panel>
  )
}

function System({ status }: { status: Status }) {
  return (
    <div className="fl-columns broad">
      <Panel title={`Processes, ${plural(status.processes.length, 'running', 'running')}`} flush>
        <HealthSummary processes={status.processes} />
      </Panel>
      <Panel title="Storage">
        <Facts
          items={[
            ['Free', formatBytes(status.storage.freeBytes)],
            ['Models', formatBytes(status.storage.modelBytes)],
            ['Prediction log', formatBytes(status.storage.logBytes)],
            ['Folder', <code key="folder">{status.storage.dataDir}</code>],
            ['Started', <Ago key="since" at={status.startedAt} />],
            ['Version', status.version],
          ]}
        />
      </Panel>
    </div>
  )
}
