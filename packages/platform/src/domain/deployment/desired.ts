import { servableOf } from './records.ts'
import type { DeploymentDb } from './tables.ts'
import type { DesiredSource, DesiredState } from './types.ts'

/**
 * Desired state out of the store that control writes. `dataVersion` is the store's own cheap sign of a change (of anything);
 * the state is read anew only when its revision has grown.
 */
export function desiredSource(db: DeploymentDb, dataVersion: () => number): DesiredSource {
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
      const { revision: stored } = await db.selectFrom('desired').select('revision').executeTakeFirstOrThrow()
      if (known?.stored !== stored) known = { stored, deployments: await deployments(db) }
      return { revision: now, deployments: known.deployments }
    },
  }
}

async function deployments(db: DeploymentDb): Promise<DesiredState['deployments']> {
  const rows = await db
    .selectFrom('deployments')
    .innerJoin('releases', 'releases.deployment', 'deployments.name')
    .select(['name', 'current', 'servable'])
    .where('removed_at', 'is', null)
    .where((eb) => eb.or([eb('releases.number', '=', eb.ref('deployments.current')), eb('releases.number', '=', eb.ref('deployments.candidate'))]))
    .orderBy('name')
    .orderBy('number')
    .execute()
  const found = new Map<string, DesiredState['deployments'][number]>()
  for (const row of rows) {
    const one = found.get(row.name) ?? { name: row.name, current: row.current ?? undefined, releases: [] }
    one.releases.push(servableOf(row))
    found.set(row.name, one)
  }
  return [...found.values()]
}
