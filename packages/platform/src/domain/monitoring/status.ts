import { totalmem } from 'node:os'
import type { Deployment, DeploymentStatus, ProcessStatus, Status } from '@fairlead/contract/control'
import { type Clock, rfc3339, systemClock } from '../../kernel/clock.ts'
import { deploymentHealth, platformHealth } from './health.ts'
import { emptySums, latencyOf, type Sums } from './point.ts'
import type { Telemetry } from './telemetry.ts'
import type { ProcessSnapshot, SeriesSnapshot } from './types.ts'

const WINDOW_MS = 300_000
const SPARKLINE_MINUTES = 60

export interface StatusOptions {
  telemetry: Telemetry
  /** All deployments as the control API shows them. */
  deployments: () => Promise<Deployment[]>
  storage: () => Promise<Status['storage']>
  /** When a deployment's last prediction was logged, in milliseconds since 1970; asked once a deployment, for what was before this start. */
  lastLogged?: (deployment: string) => Promise<number | null>
  /** Files of the prediction log that are set aside because they cannot be read. */
  damagedLogFiles?: () => number
  addresses: Status['addresses']
  version: string
  /** Milliseconds since 1970. */
  startedAt: number
  clock?: Clock
  totalMemoryBytes?: number
}

/** Puts together what the status dashboard shows. */
export class StatusBuilder {
  readonly #options: Required<StatusOptions>
  readonly #cpu = new Map<string, { at: number; seconds: number; load: number }>()
  /** By deployment: which one of its name it is, and when it last predicted. */
  readonly #last = new Map<string, { createdAt: string; at: number }>()
  /** Rows lost by the log, by the time they were seen. */
  #dropped: { at: number; rows: number }[] = []

  constructor(options: StatusOptions) {
    this.#options = { clock: systemClock, totalMemoryBytes: totalmem(), lastLogged: async () => null, damagedLogFiles: () => 0, ...options }
  }

  /** The state of the platform now. */
  async build(): Promise<Status> {
    const { telemetry, clock, version, startedAt, addresses, totalMemoryBytes } = this.#options
    const now = clock.now()
    const [deployments, storage, recent] = await Promise.all([this.#options.deployments(), this.#options.storage(), telemetry.recent(WINDOW_MS)])
    const sparklines = await telemetry.sparklines(
      SPARKLINE_MINUTES,
      deployments.map((d) => d.name),
    )
    const merged = telemetry.merged()
    await this.#seeLast(deployments, merged.series)
    const statuses = deployments.map((deployment) =>
      deploymentStatus(deployment, {
        sums: recent.sums.get(deployment.name) ?? emptySums(),
        seconds: recent.seconds,
        lastAt: this.#last.get(deployment.name)?.at ?? 0,
        sparkline: sparklines.get(deployment.name) ?? [],
      }),
    )
    const processes = telemetry.processes()
    const verdict = platformHealth({
      deployments: statuses.map(({ name, health, reason }) => ({ name, verdict: { health, reason } })),
      processes,
      droppedRows: this.#recentlyDropped(merged.log.dropped, now),
      damagedLogFiles: this.#options.damagedLogFiles(),
      freeBytes: storage.freeBytes,
      totalMemoryBytes,
    })
    return {
      at: rfc3339(now),
      version,
      startedAt: rfc3339(startedAt),
      ...verdict,
      deployments: statuses,
      processes: processes.map((p) => this.#processStatus(p)),
      storage,
      addresses,
    }
  }

  /** Takes up when each deployment last predicted: as the processes say, and before their time as the log has it. */
  async #seeLast(deployments: Deployment[], series: readonly SeriesSnapshot[]): Promise<void> {
    const names = new Set(deployments.map(({ name }) => name))
    for (const name of this.#last.keys()) if (!names.has(name)) this.#last.delete(name)
    await Promise.all(
      deployments.map(async ({ name, createdAt }) => {
        if (this.#last.get(name)?.createdAt === createdAt) return
        // a log that cannot be read must not hide the rest, and what it has of a deployment removed before is not this one's
        const logged = (await this.#options.lastLogged(name).catch(() => null)) ?? 0
        this.#last.set(name, { createdAt, at: logged >= Date.parse(createdAt) ? logged : 0 })
      }),
    )
    for (const { deployment, lastAt } of series) {
      const known = this.#last.get(deployment)
      if (known) known.at = Math.max(known.at, lastAt)
    }
  }

  #recentlyDropped(rows: number, now: number): number {
    this.#dropped = this.#dropped.filter((d, i, all) => d.at > now - WINDOW_MS || (all[i + 1]?.at ?? now) > now - WINDOW_MS)
    if (this.#dropped.at(-1)?.rows !== rows) this.#dropped.push({ at: now, rows })
    const before = this.#dropped[0]
    // The first sight of the counter tells of losses since the start, however long ago: they are shown once.
    return before && before.at <= now - WINDOW_MS ? rows - before.rows : rows
  }

  #processStatus(snapshot: ProcessSnapshot): ProcessStatus {
    const { process, role, pid, state, startedAt, restarts, restartReason, memoryBytes } = snapshot
    return {
      id: process,
      role,
      pid,
      state,
      startedAt: rfc3339(startedAt),
      restarts,
      ...(restartReason === undefined ? {} : { restartReason }),
      memoryBytes,
      cpu: this.#load(snapshot),
    }
  }

  /** Processor use between two snapshots, 1 being one core. */
  #load({ process, pid, at, startedAt, cpuSeconds }: ProcessSnapshot): number {
    const key = `${process} ${pid}`
    const last = this.#cpu.get(key) ?? { at: startedAt, seconds: 0, load: 0 }
    const elapsed = (at - last.at) / 1000
    if (elapsed < 0.5) return last.load
    const load = Math.max(0, (cpuSeconds - last.seconds) / elapsed)
    this.#cpu.set(key, { at, seconds: cpuSeconds, load })
    return load
  }
}

interface DeploymentNumbers {
  sums: Sums
  seconds: number
  lastAt: number
  sparkline: (number | null)[]
}

function deploymentStatus(deployment: Deployment, { sums, seconds, lastAt, sparkline }: DeploymentNumbers): DeploymentStatus {
  const { name, state, reason, current } = deployment
  const share = (count: number) => (sums.requests === 0 ? null : count / sums.requests)
  return {
    name,
    state,
    ...deploymentHealth({ state, reason, sums, seconds }),
    release: current?.number ?? null,
    model: current ? `${current.model.name}:${current.model.version}` : null,
    activatedAt: current?.activatedAt ?? null,
    requestsPerSecond: sums.requests / seconds,
    errorRate: share(sums.errors),
    refusedRate: share(sums.errors - sums.faults),
    failedRate: share(sums.faults),
    latency: latencyOf(sums),
    lastPredictionAt: lastAt === 0 ? null : rfc3339(lastAt),
    sparkline,
  }
}
