import { Modal, TextInput, useMantineColorScheme } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { type KeyboardEvent, useMemo, useState } from 'react'
import { control } from '../api/control.ts'
import { deploymentsQuery, modelsQuery } from '../api/queries.ts'
import { Icon } from '../ui/icons.tsx'
import { type Found, find, findable } from './find.ts'

function useGo(onClose: () => void): (found: Found) => void {
  const router = useRouter()
  const client = useQueryClient()
  const { setColorScheme } = useMantineColorScheme()
  return (found) => {
    onClose()
    if (found.to !== undefined) router.history.push(found.to)
    else if (found.act === 'sign-out') {
      void control.call('deleteSession').then(() => {
        client.clear()
        router.history.push('/sign-in')
      })
    } else if (found.act !== undefined) setColorScheme(found.act)
  }
}

/** Finds a page, deployment, release, model or command by a few letters. */
export function Palette({ onClose }: { onClose: () => void }) {
  const deployments = useQuery({ ...deploymentsQuery, refetchInterval: false })
  const models = useQuery(modelsQuery)
  const [query, setQuery] = useState('')
  const [at, setAt] = useState(0)
  const go = useGo(onClose)
  const all = useMemo(() => findable(deployments.data?.items ?? [], models.data?.items ?? []), [deployments.data, models.data])
  const found = useMemo(() => find(all, query), [all, query])
  const chosen = found[Math.min(at, found.length - 1)]
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0 && found.length > 0) {
      event.preventDefault()
      const next = (at + step + found.length) % found.length
      setAt(next)
      document.getElementById(optionId(found[next]))?.scrollIntoView({ block: 'nearest' })
    } else if (event.key === 'Enter' && chosen) {
      event.preventDefault()
      go(chosen)
    }
  }
  return (
    <Modal.Root opened onClose={onClose} size="lg" padding={0} yOffset="12vh">
      <Modal.Overlay />
      <Modal.Content aria-label="Find">
        <TextInput
          className="fl-palette-input"
          data-autofocus
          variant="unstyled"
          leftSection={<Icon name="search" />}
          placeholder="Find a deployment, model, release, page or command"
          aria-label="Find"
          role="combobox"
          aria-expanded="true"
          aria-controls="fl-found"
          aria-activedescendant={chosen ? optionId(chosen) : undefined}
          value={query}
          onChange={(event) => {
            setQuery(event.currentTarget.value)
            setAt(0)
          }}
          onKeyDown={onKeyDown}
        />
        {found.length === 0 ? <p className="fl-palette-none fl-soft">Nothing is called that.</p> : null}
        <div id="fl-found" role="listbox" aria-label="Found" className="fl-palette-list">
          {found.map((one) => (
            <Option key={one.id} found={one} selected={one === chosen} onPick={() => go(one)} />
          ))}
        </div>
      </Modal.Content>
    </Modal.Root>
  )
}

const optionId = (found: Found | undefined) => `found-${found?.id.replaceAll(' ', '-') ?? ''}`

function Option({ found, selected, onPick }: { found: Found; selected: boolean; onPick: () => void }) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the field above handles the keys of its list.
    // biome-ignore lint/a11y/useFocusableInteractive: focus stays in the field; aria-activedescendant points here.
    <div id={optionId(found)} role="option" aria-selected={selected} className="fl-palette-item" onClick={onPick}>
      <span className="fl-palette-name">
        <bdi>{found.label}</bdi>
        <span className="fl-small fl-soft">
          <bdi>{found.detail}</bdi>
        </span>
      </span>
      <span className="fl-small fl-soft">{found.group}</span>
    </div>
  )
}
