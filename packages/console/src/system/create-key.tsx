import type { CreatedKey, KeyScope } from '@fairlead/contract/control'
import { Button, Checkbox, Fieldset, Modal, MultiSelect, Select, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { control } from '../api/control.ts'
import { deploymentsQuery, keysQuery } from '../api/queries.ts'
import { TroubleView } from '../ui/feedback.tsx'
import { Icon } from '../ui/icons.tsx'
import { Command } from '../ui/show.tsx'
import { LimitInputs } from './limits.tsx'
import { faultsOf, type LimitFields, limitsWith } from './limits-form.ts'

const SCOPES: readonly { value: KeyScope; label: string; description: string }[] = [
  { value: 'predict', label: 'Predict', description: 'Ask deployments for predictions' },
  { value: 'read', label: 'Read', description: 'Read models, releases, telemetry and the prediction log' },
  { value: 'admin', label: 'Administer', description: 'Everything, including deploying and making keys' },
]
const DAY_MS = 86_400_000
const LIFETIMES = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'a year' },
  { value: 'never', label: 'never' },
]

/** Makes a key, and shows it the one time it can be seen. */
export function CreateKeyDialog({ onClose }: { onClose: () => void }) {
  const [created, setCreated] = useState<CreatedKey>()
  return (
    <Modal
      opened
      onClose={onClose}
      title={<strong>{created ? 'Your new key' : 'Make an API key'}</strong>}
      size="lg"
      closeOnClickOutside={created === undefined}
    >
      {created ? <ShownOnce created={created} onClose={onClose} /> : <KeyForm onCreated={setCreated} onClose={onClose} />}
    </Modal>
  )
}

function ShownOnce({ created, onClose }: { created: CreatedKey; onClose: () => void }) {
  return (
    <div className="fl-stack">
      {created.warnings.map((warning) => (
        <p key={warning} role="status" style={{ color: 'var(--fl-warn)' }}>
          <Icon name="warn" size={14} /> {warning}
        </p>
      ))}
      <p>Copy it now: only its fingerprint is kept, and it cannot be shown again.</p>
      <div>
        <Command text={created.key} />
      </div>
      <p className="fl-soft">
        Send it as <code>Authorization: Bearer …</code> or <code>X-Api-Key</code>.
      </p>
      <div className="fl-row" style={{ justifyContent: 'flex-end' }}>
        <Button onClick={onClose}>I have copied it</Button>
      </div>
    </div>
  )
}

function KeyForm({ onCreated, onClose }: { onCreated: (key: CreatedKey) => void; onClose: () => void }) {
  const client = useQueryClient()
  const deployments = useQuery(deploymentsQuery)
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<string[]>(['predict'])
  const [bound, setBound] = useState<string[]>([])
  const [lifetime, setLifetime] = useState('90')
  const [limit, setLimit] = useState<LimitFields>({ rate: '', burst: '', quota: '' })
  const limits = limitsWith(null, null, limit)
  const create = useMutation({
    mutationFn: () =>
      control.call('createKey', {
        body: {
          name: name.trim(),
          scopes: SCOPES.map((scope) => scope.value).filter((scope) => scopes.includes(scope)),
          deployments: bound,
          ...(lifetime === 'never' ? {} : { expiresAt: new Date(Date.now() + Number(lifetime) * DAY_MS).toISOString() }),
          ...(limits && { limits }),
        },
      }),
    onSuccess: async (key) => {
      onCreated(key)
      await client.invalidateQueries({ queryKey: keysQuery.queryKey })
    },
  })
  const ready = name.trim() !== '' && scopes.length > 0 && Object.keys(faultsOf(limit)).length === 0
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (ready) create.mutate()
  }
  return (
    <form className="fl-stack" onSubmit={submit}>
      <TextInput
        label="Name"
        description="Who or what will use it"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        maxLength={200}
        data-autofocus
      />
      <Checkbox.Group label="It may" value={scopes} onChange={setScopes}>
        <div className="fl-stack tight" style={{ paddingTop: 6 }}>
          {SCOPES.map((scope) => (
            <Checkbox key={scope.value} value={scope.value} label={scope.label} description={scope.description} />
          ))}
        </div>
      </Checkbox.Group>
      <MultiSelect
        label="For the deployments"
        placeholder={bound.length === 0 ? 'all' : undefined}
        searchable
        data={(deployments.data?.items ?? []).map((one) => one.name)}
        value={bound}
        onChange={setBound}
      />
      <Select label="Expires in" w={160} allowDeselect={false} data={LIFETIMES} value={lifetime} onChange={(value) => setLifetime(value ?? '90')} />
      <Fieldset legend="Limits" variant="unstyled" className="fl-limits-of">
        <p className="fl-soft fl-small">
          Over all deployments together; an empty field is no limit. Those for one deployment are set in the list, with “Limit”.
        </p>
        <LimitInputs fields={limit} onChange={setLimit} />
      </Fieldset>
      {create.error ? <TroubleView error={create.error} /> : null}
      <div className="fl-row" style={{ justifyContent: 'flex-end' }}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={create.isPending} disabled={!ready}>
          Make the key
        </Button>
      </div>
    </form>
  )
}
