import { parseJson, ROW_MEMBERS } from '@fairlead/contract'
import type { DesiredSource, DesiredState } from '../../domain/deployment/index.ts'
import type { KeyRow, KeySource } from '../../domain/governance/index.ts'
import type { ServableRelease } from '../../domain/inference/index.ts'
import { openDatabase } from './connection.ts'

/** What a serve process reads of the store that control writes. */
export interface ServingStore extends Disposable {
  desired: DesiredSource
  keys: KeySource
}

const WANTED = `
  SELECT name, current, number, servable, execution FROM deployments JOIN releases ON releases.deployment = deployments.name
  WHERE removed_at IS NULL AND (number = current OR number = candidate) ORDER BY name, number`

/**
 * Opens the store without the right to change it. Plain statements rather than the query builder: a serve process asks these two
 * questions only, and the builder would be a sixth of its memory. Throws `file-unreadable`.
 */
export function openServing(path: string): ServingStore {
  const database = openDatabase(path, { readOnly: true })
  const version = database.prepare('PRAGMA data_version')
  const stored = database.prepare('SELECT revision FROM desired')
  const wanted = database.prepare(WANTED)
  const keys = database.prepare('SELECT * FROM api_keys WHERE revoked_at IS NULL')
  const dataVersion = () => Number(version.get()?.data_version)
  return {
    desired: desiredSource(
      dataVersion,
      () => Number(stored.get()?.revision),
      () => deploymentsOf(wanted.all() as unknown as WantedRow[]),
    ),
    keys: { dataVersion, keys: () => keys.all() as unknown as KeyRow[] },
    [Symbol.dispose]: () => database.close(),
  }
}

interface WantedRow {
  name: string
  current: number | null
  number: number
  servable: string
  execution: string | null
}

/** The revision grows when anything in the store has changed; the state is read anew only when it has itself. */
function desiredSource(dataVersion: () => number, storedRevision: () => number, read: () => DesiredState['deployments']): DesiredSource {
  let revision = 0
  let seen: number | undefined
  let known: { stored: number; deployments: DesiredState['deployments'] } | undefined
  const poll = () => {
    const version = dataVersion()
    if (version !== seen) {
      seen = version
      revision++
    }
    return revision
  }
  return {
    revision: poll,
    async read() {
      // taken before reading: a change during the read is then seen again, never missed
      const now = poll()
      const stored = storedRevision()
      if (known?.stored !== stored) known = { stored, deployments: read() }
      return { revision: now, deployments: known.deployments }
    },
  }
}

function deploymentsOf(rows: WantedRow[]): DesiredState['deployments'] {
  const found = new Map<string, DesiredState['deployments'][number]>()
  for (const { name, current, servable, execution } of rows) {
    const one = found.get(name) ?? { name, current: current ?? undefined, releases: [] }
    const release = parseJson(servable, ROW_MEMBERS) as ServableRelease
    one.releases.push(execution === null ? release : { ...release, execution: JSON.parse(execution) })
    found.set(name, one)
  }
  return [...found.values()]
}
