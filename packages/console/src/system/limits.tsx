import type { ApiKey } from '@fairlead/contract/control'
import { Button, Modal, Select, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { control } from '../api/control.ts'
import { deploymentsQuery, keysQuery } from '../api/queries.ts'
import { TroubleView } from '../ui/feedback.tsx'
import { Icon } from '../ui/icons.tsx'
import { faultsOf, fieldsOf, type LimitFields, limitsWith, limitWords, spentWords } from './limits-form.ts'

/** The limits of a key in a table, and what is used of its quotas. */
export function LimitsCell({ apiKey: { limits, usage } }: { apiKey: ApiKey }) {
  if (limits === null) return <span className="fl-soft">none</span>
  const { deployments = {}, ...total } = limits
  const lines = [['', limitWords(total)] as const, ...Object.entries(deployments).map(([name, set]) => [`${name}: `, limitWords(set)] as const)]
  return (
    <span className="fl-stack tight">
      {lines
        .filter(([, text]) => text !== '')
        .map(([name, text]) => (
          <span key={name}>
            {name === '' ? null : <bdi className="fl-soft">{name}</bdi>}
            {text}
          </span>
        ))}
      {usage.map((use) => (
        <span key={`${use.deployment} ${use.window}`} className={use.rows >= use.limit ? 'fl-small' : 'fl-small fl-soft'}>
          {use.rows >= use.limit ? (
            <span style={{ color: 'var(--fl-warn)' }}>
              <Icon name="warn" size={12} /> used up:{' '}
            </span>
          ) : null}
          {spentWords(use)}
        </span>
      ))}
    </span>
  )
}

/** The three fields of a limit, and what is wrong with them. */
export function LimitInputs({ fields, onChange, autoFocus }: { fields: LimitFields; onChange: (fields: LimitFields) => void; autoFocus?: true }) {
  const faults = faultsOf(fields)
  const field = (name: keyof LimitFields) => ({
    value: fields[name],
    error: faults[name],
    onChange: ({ currentTarget }: { currentTarget: { value: string } }) => onChange({ ...fields, [name]: currentTarget.value.trim() }),
  })
  return (
    <div className="fl-limits">
      <TextInput
        label="Rate"
        description="Requests per second or minute"
        placeholder="100/s"
        {...(autoFocus && { 'data-autofocus': true })}
        {...field('rate')}
      />
      <TextInput label="Burst" description="Requests at once" placeholder="as the rate counts" inputMode="numeric" {...field('burst')} />
      <TextInput label="Quota" description="Rows per day or month (UTC)" placeholder="1000000/day" {...field('quota')} />
    </div>
  )
}

const ALL = ''

/** Changes how often and for how many rows a key may ask. */
export function LimitsDialog({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const client = useQueryClient()
  const deployments = useQuery(deploymentsQuery)
  const [scope, setScope] = useState(ALL)
  const [fields, setFields] = useState<LimitFields>(() => fieldsOf(apiKey.limits, null))
  const named = scope === ALL ? null : scope
  const faults = faultsOf(fields)
  const save = useMutation({
    mutationFn: () => control.call('patchKey', { params: { key: apiKey.id }, body: { limits: limitsWith(apiKey.limits, named, fields) } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keysQuery.queryKey })
      onClose()
    },
  })
  const choose = (value: string | null) => {
    setScope(value ?? ALL)
    setFields(fieldsOf(apiKey.limits, value || null))
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (Object.keys(faults).length === 0) save.mutate()
  }
  const names = new Set([...(deployments.data?.items ?? []).map(({ name }) => name), ...Object.keys(apiKey.limits?.deployments ?? {})])
  return (
    <Modal opened onClose={onClose} title={<strong>Limits of {apiKey.name}</strong>} size="lg">
      <form className="fl-stack" onSubmit={submit}>
        <p className="fl-soft">They hold for all serve processes together, and from the moment they are saved. An empty field is no limit.</p>
        <Select
          label="For"
          allowDeselect={false}
          data={[{ value: ALL, label: 'all deployments together' }, ...[...names].sort().map((name) => ({ value: name, label: name }))]}
          value={scope}
          onChange={choose}
        />
        <LimitInputs fields={fields} onChange={setFields} autoFocus />
        {save.error ? <TroubleView error={save.error} /> : null}
        <div className="fl-row" style={{ justifyContent: 'flex-end' }}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending} disabled={Object.keys(faults).length > 0}>
            Save the limits
          </Button>
        </div>
      </form>
    </Modal>
  )
}
