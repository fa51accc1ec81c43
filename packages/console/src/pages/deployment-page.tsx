import type { Deployment, Release } from '@fairlead/contract/control'
import { Button, Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { deploymentQuery, releasesQuery, statusQuery } from '../api/queries.ts'
import { AsOf } from '../app/as-of.tsx'
import { PageHead } from '../app/page-head.tsx'
import { DEPLOYMENT_TABS, type DeploymentTab } from '../app/search.ts'
import { PredictionsTab } from '../deployment/predictions-tab.tsx'
import { ReleasesTab, RollbackDialog } from '../deployment/releases-tab.tsx'
import { Service } from '../deployment/service.tsx'
import { SettingsTab } from '../deployment/settings-tab.tsx'
import { formatMs } from '../format/number.ts'
import { processName } from '../format/text.ts'
import { TryTab } from '../try/try-tab.tsx'
import { Loaded } from '../ui/feedback.tsx'
import { Icon } from '../ui/icons.tsx'
import { Ago, Digest, State } from '../ui/show.tsx'
import { deploymentWord, healthWord, observedWord } from '../ui/state.ts'

const TAB_NAMES: Record<DeploymentTab, string> = { try: 'Try', predictions: 'Predictions', releases: 'Releases', settings: 'Settings' }

/** One deployment: what runs, how it does, and what can be done with it. */
export function DeploymentPage() {
  const { name } = useParams({ from: '/shell/deployments/$name' })
  const deployment = useQuery(deploymentQuery(name))
  const status = useQuery(statusQuery)
  const health = status.data?.deployments.find((row) => row.name === name)
  return (
    <>
      <PageHead
        title={name}
        parent={{ to: '/deployments', label: 'Deployments' }}
        state={
          health && deployment.data?.state === 'ready' ? (
            <State state={healthWord(health.health)} />
          ) : deployment.data ? (
            <State state={deploymentWord(deployment.data.state)} />
          ) : null
        }
        sub={health?.health === 'ok' ? health.reason : (health?.reason ?? deployment.data?.reason)}
        actions={
          <>
            <AsOf status={status.data} />
            {deployment.data ? <RollbackButton deployment={deployment.data} /> : null}
          </>
        }
      />
      <Loaded query={deployment} lines={5}>
        {(data) => (
          <>
            <Running deployment={data} />
            <Service name={name} createdAt={data.createdAt} />
            <Rooms deployment={data} />
          </>
        )}
      </Loaded>
    </>
  )
}

/** Offers the release before the current one, the way back at three in the morning. */
function RollbackButton({ deployment }: { deployment: Deployment }) {
  const releases = useQuery(releasesQuery(deployment.name))
  const [asking, setAsking] = useState<Release>()
  const current = deployment.current?.number ?? Number.POSITIVE_INFINITY
  const before = releases.data?.items.find((release) => release.state === 'superseded' && release.number < current)
  return (
    <>
      {before ? (
        <Button variant="default" leftSection={<Icon name="back" />} onClick={() => setAsking(before)}>
          Roll back to release {before.number}
        </Button>
      ) : null}
      {asking ? <RollbackDialog deployment={deployment} release={asking} onClose={() => setAsking(undefined)} /> : null}
    </>
  )
}

function Running({ deployment }: { deployment: Deployment }) {
  const release = deployment.current
  return (
    <section className="fl-panel fl-strip" aria-label="What runs">
      <Fact term="Release">
        {release ? (
          <>
            {release.number} <Digest digest={release.digest} />
          </>
        ) : (
          'none'
        )}
      </Fact>
      <Fact term="Model">
        {release ? (
          <Link to="/models/$name" params={{ name: release.model.name }} search={{ version: release.model.version }}>
            {release.model.name}:{release.model.version}
          </Link>
        ) : (
          '–'
        )}
      </Fact>
      <Fact term="Since">
        <Ago at={release?.activatedAt} /> {release ? <span className="fl-soft">by {release.createdBy}</span> : null}
      </Fact>
      <Fact term="Serve processes">
        <span className="fl-row">
          {deployment.observed.length === 0 ? <span className="fl-soft">none reports</span> : null}
          {deployment.observed.map((one) => (
            <span key={one.process} title={`${one.process}, release ${one.release}${one.detail ? `: ${one.detail}` : ''}`}>
              <State state={{ ...observedWord(one.state), word: `${processName(one.process)} ${observedWord(one.state).word.toLowerCase()}` }} />
            </span>
          ))}
        </span>
      </Fact>
      <Fact term="Runs">{release?.execution ? <Execution execution={release.execution} /> : '–'}</Fact>
    </section>
  )
}

function Execution({ execution }: { execution: NonNullable<Release['execution']> }) {
  const measured = execution.measured.map((one) => `${one.rows} rows: ${formatMs(one.micros / 1000)}`).join(', ')
  const mode = execution.mode === 'inline' ? 'inline' : `in ${execution.workers} ${execution.workers === 1 ? 'worker' : 'workers'}`
  return (
    <>
      {mode} on {execution.runtime}, loaded in {formatMs(execution.loadMs)}
      <div className="fl-small fl-soft" style={{ fontWeight: 400 }} title={measured}>
        {execution.reason}
      </div>
    </>
  )
}

function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div>
      <div className="fl-term">{term}</div>
      <div className="fl-value">{children}</div>
    </div>
  )
}

function Rooms({ deployment }: { deployment: Deployment }) {
  const { tab = 'try' } = useSearch({ from: '/shell/deployments/$name' })
  const navigate = useNavigate({ from: '/deployments/$name' })
  const show = (next: string | null) => void navigate({ search: (was) => ({ ...was, tab: DEPLOYMENT_TABS.find((one) => one === next) }), resetScroll: false })
  return (
    <Tabs className="fl-panel fl-tabs" value={tab} onChange={show} keepMounted={false}>
      <Tabs.List aria-label="Rooms of this deployment">
        {DEPLOYMENT_TABS.map((one) => (
          <Tabs.Tab key={one} value={one}>
            {TAB_NAMES[one]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value="try">
        <TryTab deployment={deployment} />
      </Tabs.Panel>
      <Tabs.Panel value="predictions">
        <PredictionsTab deployment={deployment} />
      </Tabs.Panel>
      <Tabs.Panel value="releases">
        <ReleasesTab deployment={deployment} />
      </Tabs.Panel>
      <Tabs.Panel value="settings">
        <SettingsTab deployment={deployment} />
      </Tabs.Panel>
    </Tabs>
  )
}
