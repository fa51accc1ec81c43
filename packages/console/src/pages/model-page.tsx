import type { Model, ModelVersion } from '@fairlead/contract/control'
import { Button, Select, Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { modelQuery, versionQuery, versionsQuery } from '../api/queries.ts'
import { PageHead } from '../app/page-head.tsx'
import { MODEL_TABS, type ModelTab } from '../app/search.ts'
import { formatBytes, formatCount } from '../format/number.ts'
import { AliasDialog, DeployDialog } from '../model/actions.tsx'
import { hasInside } from '../model/inside.ts'
import { Aliases, Tags } from '../model/marks.tsx'
import { FilesTab, MetricsTab, SignatureTab } from '../model/version-tabs.tsx'
import { VersionsTab } from '../model/versions-tab.tsx'
import { Empty, Loaded, Skeleton } from '../ui/feedback.tsx'
import { Ago, Digest, Facts } from '../ui/show.tsx'

const GraphTab = lazy(() => import('../graph/graph-tab.tsx').then((module) => ({ default: module.GraphTab })))
const InsideTab = lazy(() => import('../model/inside-tab.tsx').then((module) => ({ default: module.InsideTab })))
const LineageTab = lazy(() => import('../model/lineage-tab.tsx').then((module) => ({ default: module.LineageTab })))

const TAB_NAMES: Record<ModelTab, string> = {
  versions: 'Versions',
  signature: 'Signature',
  inside: 'Inside',
  lineage: 'Lineage',
  graph: 'Graph',
  files: 'Files',
  metrics: 'Metrics',
}

/** One model: its versions, and everything about the chosen one. */
export function ModelPage() {
  const { name } = useParams({ from: '/shell/models/$name' })
  const { version: chosen } = useSearch({ from: '/shell/models/$name' })
  const model = useQuery(modelQuery(name))
  const number = chosen ?? model.data?.newest ?? undefined
  const version = useQuery({ ...versionQuery(name, number ?? 0), enabled: number !== undefined })
  return (
    <>
      <PageHead
        title={name}
        parent={{ to: '/models', label: 'Models' }}
        sub={model.data?.description ? <bdi>{model.data.description}</bdi> : null}
        actions={model.data && version.data ? <Actions model={model.data} version={version.data} /> : null}
      />
      <Loaded query={model}>
        {(data) =>
          data.newest === null ? (
            <section className="fl-panel">
              <Empty title="This model has no version" command={`npx fairlead models import SOURCE --name ${name}`}>
                Its versions appear here, each with signature, lineage and graph.
              </Empty>
            </section>
          ) : (
            <>
              <section className="fl-panel">
                {version.data ? <VersionFacts model={data} version={version.data} /> : <Loaded query={version}>{() => null}</Loaded>}
              </section>
              <Rooms model={data} version={version.data} />
            </>
          )
        }
      </Loaded>
    </>
  )
}

function Actions({ model, version }: { model: Model; version: ModelVersion }) {
  const navigate = useNavigate({ from: '/models/$name' })
  const versions = useQuery(versionsQuery(model.name))
  const [asking, setAsking] = useState<'alias' | 'deploy'>()
  const numbers = (versions.data?.items ?? []).map((one) => ({
    value: String(one.version),
    label: `Version ${one.version}${one.aliases.length > 0 ? ` (${one.aliases.join(', ')})` : ''}`,
  }))
  return (
    <>
      <Select
        aria-label="Version on show"
        w={220}
        allowDeselect={false}
        data={numbers}
        value={String(version.version)}
        onChange={(value) => void navigate({ search: (was) => ({ ...was, version: Number(value) }) })}
      />
      <Button variant="default" onClick={() => setAsking('alias')}>
        Set alias
      </Button>
      <Button onClick={() => setAsking('deploy')}>Deploy version {version.version}</Button>
      {asking === 'alias' ? <AliasDialog model={model} version={version} onClose={() => setAsking(undefined)} /> : null}
      {asking === 'deploy' ? <DeployDialog version={version} onClose={() => setAsking(undefined)} /> : null}
    </>
  )
}

function VersionFacts({ model, version }: { model: Model; version: ModelVersion }) {
  return (
    <div className="fl-columns fl-body">
      <Facts
        items={[
          ['Version', `${version.version} of ${model.versions}`],
          ['Digest', <Digest key="d" digest={version.digest} />],
          ['Format', version.format],
          ['Size', `${formatBytes(version.sizeBytes)}, ${formatCount(version.facts.parameters)} parameters`],
          [
            'Imported',
            <span key="i">
              <Ago at={version.createdAt} /> by {version.lineage.importedBy}
            </span>,
          ],
        ]}
      />
      <Facts
        items={[
          ['Aliases', <Aliases key="a" aliases={model.aliases} />],
          ['Deployed as', <Deployed key="w" version={version} />],
          ['Tags', <Tags key="t" tags={version.tags} />],
          ['Golden rows', version.goldenRowCount === 0 ? 'none' : formatCount(version.goldenRowCount)],
          ...(version.description ? ([['About', <bdi key="b">{version.description}</bdi>]] as const) : []),
        ]}
      />
    </div>
  )
}

function Deployed({ version }: { version: ModelVersion }) {
  if (version.deployments.length === 0) return <span className="fl-soft">this version is not deployed</span>
  return (
    <span className="fl-row">
      {version.deployments.map((one) => (
        <Link key={one.name} to="/deployments/$name" params={{ name: one.name }}>
          {one.name}, release {one.release}
        </Link>
      ))}
    </span>
  )
}

function Rooms({ model, version }: { model: Model; version: ModelVersion | undefined }) {
  const { tab = 'versions' } = useSearch({ from: '/shell/models/$name' })
  const navigate = useNavigate({ from: '/models/$name' })
  const tabs = MODEL_TABS.filter((one) => one !== 'inside' || (version ? hasInside(version) : tab === 'inside'))
  const show = (next: string | null) => void navigate({ search: (was) => ({ ...was, tab: MODEL_TABS.find((one) => one === next) }), resetScroll: false })
  return (
    <Tabs className="fl-panel fl-tabs" value={tab} onChange={show} keepMounted={false}>
      <Tabs.List aria-label="Rooms of this model">
        {tabs.map((one) => (
          <Tabs.Tab key={one} value={one}>
            {TAB_NAMES[one]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value="versions">
        <h2 className="fl-hidden">Versions</h2>
        <VersionsTab model={model.name} />
      </Tabs.Panel>
      {tabs.slice(1).map((one) => (
        <Tabs.Panel key={one} value={one}>
          <h2 className="fl-hidden">{TAB_NAMES[one]}</h2>
          {version ? (
            <Suspense fallback={<Skeleton />}>
              <Room tab={one} version={version} />
            </Suspense>
          ) : (
            <Skeleton />
          )}
        </Tabs.Panel>
      ))}
    </Tabs>
  )
}

function Room({ tab, version }: { tab: ModelTab; version: ModelVersion }) {
  if (tab === 'signature') return <SignatureTab version={version} />
  if (tab === 'inside') return <InsideTab version={version} />
  if (tab === 'lineage') return <LineageTab version={version} />
  if (tab === 'graph') return <GraphTab model={version.model} version={version.version} />
  if (tab === 'files') return <FilesTab version={version} />
  return <MetricsTab version={version} />
}
