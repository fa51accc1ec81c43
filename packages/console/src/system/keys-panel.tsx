import type { ApiKey } from '@fairlead/contract/control'
import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { control } from '../api/control.ts'
import { keysQuery } from '../api/queries.ts'
import { Confirm } from '../ui/confirm.tsx'
import { Empty, Loaded } from '../ui/feedback.tsx'
import { Icon } from '../ui/icons.tsx'
import { useNow } from '../ui/now.ts'
import { Ago, Panel, State } from '../ui/show.tsx'
import type { StateWord } from '../ui/state.ts'
import { Table } from '../ui/table.tsx'
import { CreateKeyDialog } from './create-key.tsx'
import { LimitsCell, LimitsDialog } from './limits.tsx'

/** API keys: made here, shown once, revoked here. */
export function KeysPanel() {
  const keys = useQuery(keysQuery)
  const [making, setMaking] = useState(false)
  const [revoking, setRevoking] = useState<ApiKey>()
  const [limiting, setLimiting] = useState<ApiKey>()
  return (
    <Panel
      title="API keys"
      flush
      aside={
        <Button size="compact-sm" leftSection={<Icon name="key" />} onClick={() => setMaking(true)}>
          Make a key
        </Button>
      }
    >
      <Loaded query={keys}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No API keys" command="npx fairlead keys create my-app">
              Programs on other machines need a key to ask for predictions. On this machine none is needed.
            </Empty>
          ) : (
            <KeyTable items={items} onLimit={setLimiting} onRevoke={setRevoking} />
          )
        }
      </Loaded>
      {making ? <CreateKeyDialog onClose={() => setMaking(false)} /> : null}
      {limiting ? <LimitsDialog apiKey={limiting} onClose={() => setLimiting(undefined)} /> : null}
      {revoking ? <RevokeDialog apiKey={revoking} onClose={() => setRevoking(undefined)} /> : null}
    </Panel>
  )
}

function stateOf(key: ApiKey, now: number): StateWord {
  if (key.revokedAt) return { tone: 'unknown', word: 'Revoked' }
  if (key.expiresAt && Date.parse(key.expiresAt) < now) return { tone: 'warn', word: 'Expired' }
  return { tone: 'ok', word: 'Valid' }
}

function KeyTable({ items, onLimit, onRevoke }: { items: readonly ApiKey[]; onLimit: (key: ApiKey) => void; onRevoke: (key: ApiKey) => void }) {
  const now = useNow()
  return (
    <Table label="API keys, table" heads={['Name', 'Begins with', 'May', 'Deployments', 'Limits', 'State', 'Expires', 'Made', { hidden: 'Actions' }]}>
      {items.map((key) => (
        <tr key={key.id}>
          <th scope="row" className="fl-name">
            <bdi>{key.name}</bdi>
          </th>
          <td data-label="Begins with">
            <code className="fl-nowrap">{key.prefix}…</code>
          </td>
          <td data-label="May">{key.scopes.join(', ')}</td>
          <td data-label="Deployments">{key.deployments.length === 0 ? 'all' : key.deployments.join(', ')}</td>
          <td data-label="Limits">
            <LimitsCell apiKey={key} />
          </td>
          <td data-label="State">
            <State state={stateOf(key, now)} />
          </td>
          <td data-label="Expires">
            <Ago at={key.expiresAt} />
          </td>
          <td data-label="Made">
            <span>
              <Ago at={key.createdAt} /> <span className="fl-soft fl-small">by {key.createdBy}</span>
            </span>
          </td>
          <td data-label="">
            {key.revokedAt ? null : (
              <span className="fl-row">
                <Button size="compact-sm" variant="default" onClick={() => onLimit(key)} aria-label={`Limit ${key.name}`}>
                  Limit
                </Button>
                <Button size="compact-sm" variant="default" onClick={() => onRevoke(key)} aria-label={`Revoke ${key.name}`}>
                  Revoke
                </Button>
              </span>
            )}
          </td>
        </tr>
      ))}
    </Table>
  )
}

function RevokeDialog({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const client = useQueryClient()
  const revoke = useMutation({
    mutationFn: () => control.call('revokeKey', { params: { key: apiKey.id } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keysQuery.queryKey })
      onClose()
    },
  })
  return (
    <Confirm
      title={`Revoke ${apiKey.name}?`}
      action="Revoke the key"
      danger
      pending={revoke.isPending}
      error={revoke.error}
      onConfirm={() => revoke.mutate()}
      onClose={onClose}
    >
      <p>
        Programs that use the key beginning with <code>{apiKey.prefix}</code> are refused from then on. There is no way back: make a new key for them first.
      </p>
    </Confirm>
  )
}
