import type { Deployment, Model } from '@fairlead/contract/control'
import { matches } from '../format/text.ts'

/** Something the palette finds. `act` names a command that is not a place. */
export interface Found {
  id: string
  group: 'Pages' | 'Deployments' | 'Releases' | 'Models' | 'Commands'
  label: string
  detail: string
  to?: string
  act?: 'light' | 'dark' | 'auto' | 'sign-out'
}

const PAGES: Found[] = [
  { id: 'p overview', group: 'Pages', label: 'Overview', detail: 'State of everything', to: '/' },
  { id: 'p deployments', group: 'Pages', label: 'Deployments', detail: 'All deployments', to: '/deployments' },
  { id: 'p attention', group: 'Pages', label: 'Deployments that need a look', detail: 'Filtered list', to: '/deployments?health=attention' },
  { id: 'p models', group: 'Pages', label: 'Models', detail: 'The registry', to: '/models' },
  { id: 'p system', group: 'Pages', label: 'System', detail: 'Processes, storage, API keys', to: '/system' },
]
const COMMANDS: Found[] = [
  { id: 'c light', group: 'Commands', label: 'Light theme', detail: 'Command', act: 'light' },
  { id: 'c dark', group: 'Commands', label: 'Dark theme', detail: 'Command', act: 'dark' },
  { id: 'c auto', group: 'Commands', label: 'Theme as the system has it', detail: 'Command', act: 'auto' },
  { id: 'c out', group: 'Commands', label: 'Sign out', detail: 'Command', act: 'sign-out' },
]
const MOST = 30

/** Everything that can be gone to, given what exists. */
export function findable(deployments: readonly Deployment[], models: readonly Model[]): Found[] {
  const path = encodeURIComponent
  return [
    ...PAGES,
    ...deployments.map(
      (one): Found => ({ id: `d ${one.name}`, group: 'Deployments', label: one.name, detail: one.reason, to: `/deployments/${path(one.name)}` }),
    ),
    ...models.map(
      (one): Found => ({
        id: `m ${one.name}`,
        group: 'Models',
        label: one.name,
        detail: one.description || `${one.versions} versions`,
        to: `/models/${path(one.name)}`,
      }),
    ),
    ...deployments.flatMap((one): Found[] =>
      one.current
        ? [
            {
              id: `r ${one.name}`,
              group: 'Releases',
              label: `${one.name}, release ${one.current.number}`,
              detail: `${one.current.model.name}:${one.current.model.version} ${one.current.digest.slice(7, 19)}`,
              to: `/deployments/${path(one.name)}?tab=releases`,
            },
          ]
        : [],
    ),
    ...COMMANDS,
  ]
}

/** What a query finds: names that begin with it first, then names that hold it, then the rest; a short list. */
export function find(all: readonly Found[], query: string): Found[] {
  const text = query.trim().toLowerCase()
  if (text === '') return all.filter((one) => one.group !== 'Releases').slice(0, MOST)
  const rank = (one: Found) => (one.label.toLowerCase().startsWith(text) ? 0 : one.label.toLowerCase().includes(text) ? 1 : 2)
  return all
    .filter((one) => matches(`${one.label} ${one.detail} ${one.group}`, text))
    .map((one, index) => ({ one, key: rank(one) * all.length + index }))
    .sort((a, b) => a.key - b.key)
    .slice(0, MOST)
    .map(({ one }) => one)
}
