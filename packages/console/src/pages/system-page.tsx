import type { Status } from '@fairlead/contract/control'
import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { control } from '../api/control.ts'
import { sessionQuery, statusQuery } from '../api/queries.ts'
import { AsOf } from '../app/as-of.tsx'
import { PageHead } from '../app/page-head.tsx'
import { ThemeSwitch } from '../app/theme-switch.tsx'
import { formatBytes } from '../format/number.ts'
import { HealthSummary } from '../system/health-summary.tsx'
import { KeysPanel } from '../system/keys-panel.tsx'
import { Loaded } from '../ui/feedback.tsx'
import { Ago, Copy, Facts, Panel } from '../ui/show.tsx'

/** The platform itself: processes, storage, addresses, keys, appearance. */
export function SystemPage() {
  const status = useQuery(statusQuery)
  return (
    <>
      <PageHead title="System" actions={<AsOf status={status.data} />} />
      <Loaded query={status}>{(data) => <Platform status={data} />}</Loaded>
      <KeysPanel />
      <Person />
    </>
  )
}

function Platform({ status }: { status: Status }) {
  return (
    <>
      <Panel title="Processes" flush>
        <HealthSummary processes={status.processes} />
      </Panel>
      <div className="fl-columns">
        <Panel title="Storage">
          <Facts
            items={[
              ['Folder', <code key="f">{status.storage.dataDir}</code>],
              ['Free', formatBytes(status.storage.freeBytes)],
              ['Models', formatBytes(status.storage.modelBytes)],
              ['Prediction log', formatBytes(status.storage.logBytes)],
            ]}
          />
        </Panel>
        <Panel title="Addresses">
          <Facts
            long
            items={[
              ['Console and control API', <Address key="c" value={status.addresses.control} />],
              ['Predictions over HTTP', <Address key="h" value={status.addresses.http} />],
              ['Predictions over gRPC', status.addresses.grpc === null ? 'off' : <Address key="g" value={status.addresses.grpc} />],
              [
                'Control API document',
                <a key="o" href="/api/v1/openapi.json" target="_blank" rel="noreferrer">
                  /api/v1/openapi.json
                </a>,
              ],
            ]}
          />
        </Panel>
        <Panel title="About">
          <Facts
            items={[
              ['Fairlead', status.version],
              ['Started', <Ago key="s" at={status.startedAt} />],
            ]}
          />
        </Panel>
      </div>
    </>
  )
}

function Address({ value }: { value: string }) {
  return (
    <span className="fl-digest">
      <code>{value}</code> <Copy value={value} label="Copy address" />
    </span>
  )
}

function Person() {
  const session = useQuery(sessionQuery)
  const client = useQueryClient()
  const navigate = useNavigate()
  const signOut = useMutation({
    mutationFn: () => control.call('deleteSession'),
    onSuccess: async () => {
      await navigate({ to: '/sign-in' })
      client.clear()
    },
  })
  return (
    <Panel title="You">
      <Facts
        long
        items={[
          ['Signed in as', session.data?.subject ?? '–'],
          ['Until', <Ago key="u" at={session.data?.expiresAt} />],
          ['Theme', <ThemeSwitch key="t" words />],
          [
            'Session',
            <Button key="o" size="compact-sm" variant="default" loading={signOut.isPending} onClick={() => signOut.mutate()}>
              Sign out
            </Button>,
          ],
        ]}
      />
    </Panel>
  )
}
