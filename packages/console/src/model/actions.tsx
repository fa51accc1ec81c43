import type { Model, ModelVersion } from '@fairlead/contract/control'
import { Autocomplete, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { control } from '../api/control.ts'
import { useOperation } from '../api/operation.ts'
import { deploymentsQuery } from '../api/queries.ts'
import { Confirm } from '../ui/confirm.tsx'

const ALIAS = /^[a-z][a-z0-9_-]{0,99}$/
const NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/

interface DialogProps {
  version: ModelVersion
  onClose: () => void
}

/** Points an alias at the version on show. */
export function AliasDialog({ model, version, onClose }: DialogProps & { model: Model }) {
  const client = useQueryClient()
  const [alias, setAlias] = useState('champion')
  const before = model.aliases[alias]
  const set = useMutation({
    mutationFn: () => control.call('setAlias', { params: { model: model.name, alias }, body: { version: version.version } }),
    onSuccess: async () => {
      await client.invalidateQueries()
      onClose()
    },
  })
  const valid = ALIAS.test(alias)
  return (
    <Confirm
      title={`Set an alias of ${model.name}`}
      action="Set alias"
      pending={set.isPending}
      ready={valid && before !== version.version}
      error={set.error}
      onConfirm={() => set.mutate()}
      onClose={onClose}
    >
      <TextInput
        label="Alias"
        value={alias}
        onChange={(event) => setAlias(event.currentTarget.value.trim())}
        error={valid ? undefined : 'Start with a-z, go on with a-z 0-9 _ and -, at most 100 characters.'}
        data-autofocus
      />
      <p>
        {before === version.version ? (
          <>
            <b>{alias}</b> points at version {before} already.
          </>
        ) : (
          <>
            <code>
              {model.name}@{alias}
            </code>{' '}
            will mean version <b>{version.version}</b>
            {before === undefined ? '; it is new.' : ` in place of version ${before}.`} Running deployments stay as they are: a release keeps the version it was
            made with.
          </>
        )}
      </p>
      {before !== undefined && before !== version.version ? <p className="fl-soft">The way back: set it to version {before} again.</p> : null}
    </Confirm>
  )
}

/** Makes the next release of a deployment with the version on show. */
export function DeployDialog({ version, onClose }: DialogProps) {
  const navigate = useNavigate()
  const deployments = useQuery(deploymentsQuery)
  const [name, setName] = useState(version.deployments[0]?.name ?? version.model)
  const reference = `${version.model}:${version.version}`
  const work = useOperation((deployment: string) => control.call('createRelease', { params: { deployment }, body: { model: reference } }))
  const known = deployments.data?.items.find((one) => one.name === name)
  const valid = NAME.test(name)
  const done = () => {
    onClose()
    void navigate({ to: '/deployments/$name', params: { name } })
  }
  return (
    <Confirm
      title={`Deploy ${reference}`}
      action={known ? `Release it to ${name}` : 'Deploy'}
      pending={work.isPending}
      ready={valid}
      error={work.error}
      operation={work.operation}
      onConfirm={() => work.mutate(name, { onSuccess: done })}
      onClose={onClose}
    >
      <Autocomplete
        label="Deployment"
        description="One that exists, or a new name"
        data={(deployments.data?.items ?? []).map((one) => one.name)}
        value={name}
        onChange={setName}
        limit={20}
        error={valid ? undefined : 'Start with a-z or 0-9, go on with a-z 0-9 . _ and -, at most 100 characters.'}
      />
      <p>
        {known?.current ? (
          <>
            Callers of <b>{name}</b> will get the answers of <b>{reference}</b> in place of{' '}
            <b>
              {known.current.model.name}:{known.current.model.version}
            </b>{' '}
            (release {known.current.number}), with the same pipeline and settings.
          </>
        ) : (
          <>
            <b>{name || 'The deployment'}</b> will be made, and answer with <b>{reference}</b>.
          </>
        )}{' '}
        The version is loaded and checked against its example first; if that fails, nothing changes. No request fails because of the change.
      </p>
      {known?.current ? <p className="fl-soft">The way back: roll back to release {known.current.number}, on the deployment’s page.</p> : null}
    </Confirm>
  )
}
