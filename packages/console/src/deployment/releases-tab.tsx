import type { Deployment, RecentCaller, Release, SignatureChange } from '@fairlead/contract/control'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { control } from '../api/control.ts'
import { useOperation } from '../api/operation.ts'
import { releasesQuery } from '../api/queries.ts'
import { plural } from '../format/number.ts'
import { Confirm } from '../ui/confirm.tsx'
import { Empty, Loaded } from '../ui/feedback.tsx'
import { Ago, Digest, State } from '../ui/show.tsx'
import { releaseWord } from '../ui/state.ts'
import { Table } from '../ui/table.tsx'

/** All releases, newest first, with the way back to an earlier one. */
export function ReleasesTab({ deployment }: { deployment: Deployment }) {
  const releases = useQuery(releasesQuery(deployment.name))
  const [chosen, setChosen] = useState<Release>()
  return (
    <Loaded query={releases}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="No releases yet" command={`npx fairlead deploy ${deployment.name} --model MODEL`}>
            Each deploy makes a numbered release; they stay here, and any that worked can be made current again.
          </Empty>
        ) : (
          <>
            <ReleaseTable releases={items} onRollback={setChosen} />
            {chosen ? <RollbackDialog deployment={deployment} release={chosen} onClose={() => setChosen(undefined)} /> : null}
          </>
        )
      }
    </Loaded>
  )
}

function ReleaseTable({ releases, onRollback }: { releases: readonly Release[]; onRollback: (release: Release) => void }) {
  return (
    <Table label="Releases, table" heads={['Release', 'State', 'Model', 'Digest', 'Checks', 'Made', { hidden: 'Actions' }]}>
      {releases.map((release) => (
        <ReleaseRow key={release.number} release={release} onRollback={onRollback} />
      ))}
    </Table>
  )
}

function ReleaseRow({ release, onRollback }: { release: Release; onRollback: (release: Release) => void }) {
  const failed = release.checks.filter((check) => !check.passed)
  return (
    <tr>
      <th scope="row" className="fl-nowrap">
        Release {release.number}
      </th>
      <td data-label="State">
        <span>
          <State state={releaseWord(release.state)} />
          {release.failure ? (
            <span className="fl-small fl-soft" style={{ display: 'block' }}>
              {release.failure.detail} (<code>{release.failure.code}</code>)
            </span>
          ) : null}
        </span>
      </td>
      <td data-label="Model" className="fl-wrap">
        <Link to="/models/$name" params={{ name: release.model.name }} search={{ version: release.model.version }}>
          {release.model.name}:{release.model.version}
        </Link>
        <Changes changes={release.signatureChanges ?? []} />
      </td>
      <td data-label="Digest">
        <Digest digest={release.digest} />
      </td>
      <td data-label="Checks">
        {release.checks.length === 0 ? (
          <span className="fl-soft">none</span>
        ) : failed.length === 0 ? (
          `${release.checks.reduce((rows, check) => rows + check.rows, 0)} rows passed`
        ) : (
          <span style={{ color: 'var(--fl-alert)' }}>{failed[0]?.detail ?? `${failed.length} failed`}</span>
        )}
      </td>
      <td data-label="Made">
        <span>
          <Ago at={release.createdAt} /> <span className="fl-soft fl-small">by {release.createdBy}</span>
        </span>
      </td>
      <td data-label="">
        {release.state === 'superseded' ? (
          <Button size="compact-sm" variant="default" onClick={() => onRollback(release)} aria-label={`Roll back to release ${release.number}`}>
            Roll back
          </Button>
        ) : null}
      </td>
    </tr>
  )
}

/** What a release changed for callers, breaking changes first. */
function Changes({ changes }: { changes: readonly SignatureChange[] }) {
  if (changes.length === 0) return null
  const breaking = changes.filter((change) => change.breaking).length
  return (
    <details className="fl-small">
      <summary style={breaking > 0 ? { color: 'var(--fl-warn)' } : undefined}>
        {plural(changes.length, 'change')} for callers{breaking > 0 ? `, ${breaking} breaking` : ''}
      </summary>
      <ul>
        {changes.map(({ path, breaking: breaks, detail, callers }) => (
          <li key={`${path} ${detail}`}>
            <code>{path}</code>: {detail}
            {breaks ? ' (breaking)' : ''}
            {callers ? <Callers callers={callers} /> : null}
          </li>
        ))}
      </ul>
    </details>
  )
}

const MOST_NAMED = 8

/** Who would break, of those who asked in the last days. */
function Callers({ callers }: { callers: readonly RecentCaller[] }) {
  if (callers.length === 0) return <div className="fl-soft">nobody who asked in the last seven days</div>
  return (
    <ul>
      {callers.slice(0, MOST_NAMED).map(({ caller, name, interfaces, rows, lastSeen }) => (
        <li key={caller}>
          <strong>{name ?? caller}</strong>{' '}
          <span className="fl-soft">
            by {interfaces.join(', ')}, {plural(rows, 'row')}, <Ago at={lastSeen} />
          </span>
        </li>
      ))}
      {callers.length > MOST_NAMED ? <li className="fl-soft">and {callers.length - MOST_NAMED} more</li> : null}
    </ul>
  )
}

/** Asks before callers get answers of an earlier release again. */
export function RollbackDialog({ deployment, release, onClose }: { deployment: Deployment; release: Release; onClose: () => void }) {
  const work = useOperation((number: number) => control.call('rollback', { params: { deployment: deployment.name }, body: { release: number } }))
  const current = deployment.current
  return (
    <Confirm
      title={`Roll ${deployment.name} back to release ${release.number}?`}
      action={`Roll back to release ${release.number}`}
      pending={work.isPending}
      error={work.error}
      operation={work.operation}
      onClose={onClose}
      onConfirm={() => work.mutate(release.number, { onSuccess: onClose })}
    >
      <p>
        Callers of <b>{deployment.name}</b> will get the answers of{' '}
        <b>
          {release.model.name}:{release.model.version}
        </b>{' '}
        {current ? (
          <>
            in place of{' '}
            <b>
              {current.model.name}:{current.model.version}
            </b>{' '}
            (release {current.number})
          </>
        ) : null}
        . It is loaded and checked first, and then takes over; requests in hand are finished by the release that has them, and none fails.
      </p>
      {current ? (
        <p className="fl-soft">
          The way back: roll back to release {current.number}, here or with npx fairlead deployments rollback {deployment.name} --to {current.number}
        </p>
      ) : null}
    </Confirm>
  )
}
