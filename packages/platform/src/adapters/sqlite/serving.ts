import { parseJson, ROW_MEMBERS } from '@fairlead/contract'
import type { GoldenRows } from '@fairlead/contract/control'
import type { DesiredSource, DesiredState } from '../../domain/deployment/index.ts'
import type { KeyRow, KeySource } from '../../domain/governance/index.ts'
import type { ServableRelease } from '../../domain/inference/index.ts'
import { openDatabase } from './connection.ts'

/** What a serve process reads of the store that control writes. */
export interface ServingStore extends Disposable {
  desired: DesiredSource
  /** Rows with the answers that a release must give, where there are any. */
  golden(deployment: string, release: number): GoldenRows | undefined
  keys: KeySource
}

const WANTED = `
  SELECT name, deployments.created_at AS generation, updated_at AS asked, current, number, execution FROM deployments JOIN releases ON releases.deployment = deployments.name
  WHERE removed_at IS NULL AND (number = current OR number = candidate) ORDER BY name, number`

/**
 * Opens the store without the right to change it. Plain statements rather than the query builder: a serve process asks these two
 * questions only, and the builder would be a sixth of its memory. A question that meets a lock fails after a moment, to be asked again:
 * predictions wait meanwhile. Throws `file-unreadable`.
 */
export function openServing(path: string): ServingStore {
  const database = openDatabase(path, { readOnly: true, impatient: true })
  const version = database.prepare('PRAGMA data_version')
  const stored = database.prepare('SELECT revision FROM desired')
  const wanted = database.prepare(WANTED)
  const frozen = database.prepare('SELECT servable FROM releases WHERE deployment = ? AND number = ?')
  const golden = database.prepare('SELECT golden FROM release_golden WHERE deployment = ? AND number = ?')
  const releases = new Frozen((deployment, number) => String(frozen.get(deployment, number)?.servable))
  const keys = database.prepare('SELECT * FROM api_keys WHERE revoked_at IS NULL')
  const dataVersion = () => Number(version.get()?.data_version)
  return {
    desired: desiredSource(
      dataVersion,
      () => Number(stored.get()?.revision),
      () => deploymentsOf(wanted.all() as unknown as WantedRow[], releases),
    ),
    golden(deployment, release) {
      const row = golden.get(deployment, release)
      return row && (parseJson(String(row.golden), ROW_MEMBERS) as GoldenRows)
    },
    keys: { dataVersion, keys: () => keys.all() as unknown as KeyRow[] },
    [Symbol.dispose]: () => database.close(),
  }
}

interface WantedRow {
  name: string
  generation: string
  asked: string
  current: number | null
  number: number
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

/** Releases as they were frozen. Their numbers are never given again, so each is read once for as long as it is wanted. */
class Frozen {
  readonly #read: (deployment: string, number: number) => string
  #known = new Map<string, ServableRelease>()

  constructor(read: (deployment: string, number: number) => string) {
    this.#read = read
  }

  /** The releases of these rows, in their order; all others are let go. */
  of(rows: readonly WantedRow[]): ServableRelease[] {
    const key = ({ name, number }: WantedRow) => `${name}\u0000${number}`
    this.#known = new Map(rows.map((row) => [key(row), this.#known.get(key(row)) ?? this.#parsed(row)]))
    return [...this.#known.values()]
  }

  #parsed({ name, number }: WantedRow): ServableRelease {
    return parseJson(this.#read(name, number), ROW_MEMBERS) as ServableRelease
  }
}

function deploymentsOf(rows: WantedRow[], frozen: Frozen): DesiredState['deployments'] {
  const found = new Map<string, DesiredState['deployments'][number]>()
  const releases = frozen.of(rows)
  for (const [i, { name, generation, asked, current, execution }] of rows.entries()) {
    const one = found.get(name) ?? { name, generation, asked, current: current ?? undefined, releases: [] }
    const release = releases[i]!
    one.releases.push(execution === null ? release : { ...release, execution: JSON.parse(execution) })
    found.set(name, one)
  }
  return [...found.values()]
}
