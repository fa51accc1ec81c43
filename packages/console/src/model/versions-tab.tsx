import type { ModelVersion, ModelVersionSummary } from '@fairlead/contract/control'
import { Button, Checkbox } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { versionQuery, versionsQuery } from '../api/queries.ts'
import { comparedVersions, toggleCompared } from '../app/search.ts'
import { formatBytes, formatFigure, NONE } from '../format/number.ts'
import { Empty, Loaded, Skeleton } from '../ui/feedback.tsx'
import { Ago, Digest, Scroll } from '../ui/show.tsx'
import { Table } from '../ui/table.tsx'
import { compareVersions } from './compare.ts'
import { Tags } from './marks.tsx'

const Structure = lazy(() => import('./structure.tsx').then((module) => ({ default: module.Structure })))

const METRICS = 3

/** Versions, newest first; two can be ticked and stand side by side below. */
export function VersionsTab({ model }: { model: string }) {
  const versions = useQuery(versionsQuery(model))
  const { compare } = useSearch({ from: '/shell/models/$name' })
  const navigate = useNavigate({ from: '/models/$name' })
  const pair = comparedVersions(compare)
  const toggle = (version: number) =>
    void navigate({ search: (was) => ({ ...was, compare: toggleCompared(was.compare, version) }), replace: true, resetScroll: false })
  return (
    <Loaded query={versions}>
      {({ items }) => (
        <>
          <VersionTable items={items} pair={pair} onToggle={toggle} />
          <div className="fl-bar-row fl-soft" role="status">
            {pair.length === 0 && items.length > 1 ? 'Tick two versions to compare them.' : null}
            {pair.length === 1 ? `Version ${pair[0]} is ticked; tick another to compare.` : null}
          </div>
          {pair.length === 2 ? <Comparison model={model} left={Math.min(...pair)} right={Math.max(...pair)} /> : null}
        </>
      )}
    </Loaded>
  )
}

/** Names of the metrics that most versions have, for the columns of the table. */
function metricColumns(items: readonly ModelVersionSummary[]): string[] {
  const counts = new Map<string, number>()
  for (const item of items) for (const name of Object.keys(item.metrics)) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, METRICS)
    .map(([name]) => name)
}

interface VersionTableProps {
  items: readonly ModelVersionSummary[]
  pair: number[]
  onToggle: (version: number) => void
}

function VersionTable({ items, pair, onToggle }: VersionTableProps) {
  const metrics = metricColumns(items)
  return (
    <Table
      label="Versions, table"
      heads={['Compare', 'Version', 'Digest', ...metrics.map((number) => ({ number })), { number: 'Size' }, 'Deployed as', 'Tags', 'Imported']}
    >
      {items.map((item) => (
        <tr key={item.version}>
          <td data-label="Compare">
            <Checkbox size="xs" aria-label={`Compare version ${item.version}`} checked={pair.includes(item.version)} onChange={() => onToggle(item.version)} />
          </td>
          <th scope="row">
            <Link from="/models/$name" to="/models/$name" params={{ name: item.model }} search={(was) => ({ ...was, version: item.version })}>
              {item.version}
            </Link>{' '}
            {item.aliases.map((alias) => (
              <span key={alias} className="fl-tag accent">
                {alias}
              </span>
            ))}
          </th>
          <td data-label="Digest">
            <Digest digest={item.digest} />
          </td>
          {metrics.map((metric) => (
            <td key={metric} data-label={metric} className="fl-number">
              {formatFigure(item.metrics[metric])}
            </td>
          ))}
          <td data-label="Size" className="fl-number">
            {formatBytes(item.sizeBytes)}
          </td>
          <td data-label="Deployed as" className="fl-wrap">
            {item.deployments.map((one) => one.name).join(', ') || NONE}
          </td>
          <td data-label="Tags">
            <Tags tags={item.tags} />
          </td>
          <td data-label="Imported">
            <span>
              <Ago at={item.createdAt} /> <span className="fl-soft fl-small">by {item.importedBy}</span>
            </span>
          </td>
        </tr>
      ))}
    </Table>
  )
}

function Comparison({ model, left, right }: { model: string; left: number; right: number }) {
  const a = useQuery(versionQuery(model, left))
  const b = useQuery(versionQuery(model, right))
  return (
    <>
      <Loaded query={a}>{(first) => <Loaded query={b}>{(second) => <SideBySide left={first} right={second} />}</Loaded>}</Loaded>
      <Suspense fallback={<Skeleton />}>
        <Structure model={model} left={left} right={right} />
      </Suspense>
    </>
  )
}

function SideBySide({ left, right }: { left: ModelVersion; right: ModelVersion }) {
  const [all, setAll] = useState(false)
  const topics = compareVersions(left, right)
    .map((topic) => ({ ...topic, lines: all ? topic.lines : topic.lines.filter((line) => !line.same) }))
    .filter((topic) => topic.lines.length > 0)
  return (
    <section aria-label="Comparison" className="fl-compare">
      <div className="fl-row spread fl-bar-row">
        <h3>
          Version {left.version} and version {right.version}
        </h3>
        <Button size="compact-sm" variant="default" onClick={() => setAll((was) => !was)}>
          {all ? 'Show differences only' : 'Show what is equal too'}
        </Button>
      </div>
      {topics.length === 0 ? (
        <Empty title="Nothing differs" />
      ) : (
        <Scroll label="Comparison, table">
          <table className="fl-table compare">
            <thead>
              <tr>
                <th scope="col">
                  <span className="fl-hidden">Fact</span>
                </th>
                <th scope="col">Version {left.version}</th>
                <th scope="col">Version {right.version}</th>
              </tr>
            </thead>
            {topics.map((topic) => (
              <tbody key={topic.title}>
                <tr>
                  <th scope="rowgroup" colSpan={3} className="fl-topic">
                    {topic.title}
                  </th>
                </tr>
                {topic.lines.map((line) => (
                  <tr key={line.name}>
                    <th scope="row">
                      <bdi>{line.name}</bdi>
                    </th>
                    <td className={line.same || line.left === 'absent' ? 'fl-soft' : undefined}>{line.left}</td>
                    <td className={line.same || line.right === 'absent' ? 'fl-soft' : undefined}>{line.right}</td>
                  </tr>
                ))}
              </tbody>
            ))}
          </table>
        </Scroll>
      )}
    </section>
  )
}
