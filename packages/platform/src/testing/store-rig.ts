import { join } from 'node:path'
import type { Kysely } from 'kysely'
import { fileBlobs } from '../adapters/files/index.ts'
import { openSqlite } from '../adapters/sqlite/index.ts'
import { type CatalogueTables, openCatalogue, STORE_MIGRATIONS } from '../app/catalogue.ts'
import { Access, type GovernanceDb, type GovernanceTables, type QuotaTables, quotaMigrations } from '../domain/governance/index.ts'
import { Telemetry, type TelemetryTables, telemetryMigrations } from '../domain/monitoring/index.ts'
import { silentLogger } from '../kernel/logger.ts'
import { migrate } from '../kernel/sql/migrate.ts'
import { handClock, memoryObserved } from './deployments.ts'
import { memorySnapshots } from './process-snapshots.ts'

/** The stores of a data folder with every area on them, brought to this program's shape. */
export async function storeRig(folder: string, program = '0.1.0') {
  const path = join(folder, 'fairlead.db')
  await using undo = new AsyncDisposableStack()
  const store = undo.use(openSqlite<CatalogueTables & GovernanceTables>(path))
  const applied = await migrate(store.db, STORE_MIGRATIONS, { store: path, program })
  const history = undo.use(openSqlite<TelemetryTables & QuotaTables>(join(folder, 'telemetry.db')))
  await migrate(history.db, [...telemetryMigrations, ...quotaMigrations], { store: join(folder, 'telemetry.db'), program })
  const clock = handClock()
  const observed = memoryObserved()
  const snapshots = memorySnapshots()
  const { registry, deployments } = openCatalogue({
    db: store.db as unknown as Kysely<CatalogueTables>,
    blobs: fileBlobs({ root: join(folder, 'blobs') }),
    clock,
    observed,
    liveProcesses: () => ['serve-1'],
    nudge: () => {},
    addresses: () => ({ http: 'http://127.0.0.1:7310' }),
  })
  const access = new Access({ db: store.db as unknown as GovernanceDb, adminToken: 'fla_token-of-the-administrator', clock })
  const telemetry = new Telemetry({ db: history.db, snapshots, logger: silentLogger, clock })
  undo.defer(() => deployments.stop())
  const parts = undo.move()
  return { path, applied, clock, observed, snapshots, registry, deployments, access, telemetry, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}
