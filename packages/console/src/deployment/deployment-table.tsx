import type { DeploymentStatus } from '@fairlead/contract/control'
import { Link } from '@tanstack/react-router'
import { memo } from 'react'
import { formatMs, formatPercent, formatRate } from '../format/number.ts'
import { Ago, State } from '../ui/show.tsx'
import { sparkPaths } from '../ui/spark.ts'
import { deploymentWord, healthWord, type StateWord } from '../ui/state.ts'
import { Table } from '../ui/table.tsx'

/** The word for a row: what the deployment is doing when it is not simply serving, else its health. */
function stateOf(row: DeploymentStatus): StateWord {
  return row.state === 'ready'
    ? healthWord(row.health)
    : { tone: row.health === 'ok' ? deploymentWord(row.state).tone : row.health, word: deploymentWord(row.state).word }
}

/** A row per deployment: state, traffic, latency, what failed, release, last prediction. */
export function DeploymentTable({ rows }: { rows: readonly DeploymentStatus[] }) {
  return (
    <Table
      label="Deployments, table"
      heads={[
        'Deployment',
        'State',
        'Traffic, last hour',
        { number: 'Now' },
        { number: 'p50' },
        { number: 'p99' },
        { number: 'Failed' },
        'Release',
        'Last prediction',
      ]}
      dense
    >
      {rows.map((row) => (
        <DeploymentRow key={row.name} row={row} />
      ))}
    </Table>
  )
}

function DeploymentRow({ row }: { row: DeploymentStatus }) {
  const calm = row.health === 'ok'
  return (
    <tr>
      <th scope="row" className="fl-name">
        <Link to="/deployments/$name" params={{ name: row.name }}>
          <bdi>{row.name}</bdi>
        </Link>
        {calm ? null : <div className="fl-small fl-soft">{row.reason}</div>}
      </th>
      <td data-label="State" className="wide" title={row.reason}>
        <State state={stateOf(row)} />
      </td>
      <td data-label="Traffic, last hour" className="wide">
        <Spark values={row.sparkline} />
      </td>
      <td data-label="Now" className="fl-number">
        {formatRate(row.requestsPerSecond)}
      </td>
      <td data-label="p50" className="fl-number">
        {formatMs(row.latency.p50)}
      </td>
      <td data-label="p99" className="fl-number">
        {formatMs(row.latency.p99)}
      </td>
      <td data-label="Failed" className="fl-number">
        <span>
          {formatPercent(row.failedRate ?? row.errorRate)}
          {row.refusedRate ? (
            <span className="fl-small fl-soft fl-nowrap" style={{ display: 'block' }} title="Answered with an error for what the caller sent">
              {formatPercent(row.refusedRate)} refused
            </span>
          ) : null}
        </span>
      </td>
      <td data-label="Release" className="wide">
        {row.release === null ? (
          <span className="fl-soft">none</span>
        ) : (
          <span>
            <span className="fl-nowrap">
              {row.release} <span className="fl-soft">·</span> <Ago at={row.activatedAt} />
            </span>
            <span className="fl-small fl-soft" style={{ display: 'block', overflowWrap: 'anywhere' }}>
              <bdi>{row.model}</bdi>
            </span>
          </span>
        )}
      </td>
      <td data-label="Last prediction" className="wide">
        <Ago at={row.lastPredictionAt} />
      </td>
    </tr>
  )
}

const Spark = memo(
  function Spark({ values }: { values: readonly (number | null)[] }) {
    const { line, area, peak } = sparkPaths(values, 120, 26)
    if (line === '' || peak === 0) return <span className="fl-soft fl-small">no traffic</span>
    return (
      <svg className="fl-spark" viewBox="0 0 120 26" role="img" aria-label={`Traffic over the last hour, at most ${formatRate(peak)}`}>
        <title>At most {formatRate(peak)}</title>
        <path className="base" d="M0,25.5H120" />
        <path className="area" d={area} />
        <path className="line" d={line} />
      </svg>
    )
  },
  (before, after) => before.values.length === after.values.length && before.values.every((value, index) => value === after.values[index]),
)
