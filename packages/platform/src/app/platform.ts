import { randomBytes } from 'node:crypto'
import { FairleadError } from '@fairlead/contract'
import { lockFolder, unattended } from '../adapters/sqlite/index.ts'
import type { PlatformSettings } from '../config/index.ts'
import { rfc3339 } from '../kernel/clock.ts'
import { createLogger } from '../kernel/logger.ts'
import { type Control, startControl } from './control.ts'
import { adminToken, type DataFolder, openDataFolder, removeRunFile, writeRunFile } from './data-folder.ts'
import { removeOldLogs } from './log-file.ts'
import { logOutput } from './log-output.ts'
import { isLoopback, reservePort, urlHost } from './ports.ts'
import { PROGRAM_VERSION } from './program-version.ts'
import { killRecorded } from './recorded-processes.ts'

/** Grace for requests in hand when the platform stops. */
const GRACE_MS = 10_000
/** How long a start waits for the serve processes of a killed platform, which answer what is in hand, and for their ports. */
const PATIENCE_MS = 10_000
/** How long a killed process may take to be gone. */
const KILL_MS = 5000

/** A running platform. */
export interface Platform {
  addresses: { control: string; http: string; grpc: string | null }
  adminToken: string
  /** A fresh single-use link to the console. */
  signInLink(): Promise<string>
  /** Whether somebody removed what had this name; what never was has not been removed. */
  wasRemoved: Control['wasRemoved']
  /** Whether it is on its way out. */
  stopping(): boolean
  /** Settles when the platform has stopped, for whatever reason. */
  stopped: Promise<void>
  /** Answers what is in hand, flushes log and stores, stops. */
  stop(): Promise<void>
}

/**
 * Starts a platform on this machine and settles when it is ready. SIGTERM and SIGINT stop it, also while it starts: then it answers
 * `undefined` once everything is closed. A second signal ends it at once.
 * Throws `data-unwritable`, `data-locked`, `port-in-use`, `store-newer`, each naming the option to change.
 */
export async function startPlatform(settings: PlatformSettings): Promise<Platform | undefined> {
  const folder = openDataFolder(settings.dataDir)
  const lock = lockFolder(folder.root)
  const settled = Promise.withResolvers<void>()
  let control: Control | undefined
  const end = ending(
    async () => {
      removeRunFile(folder)
      await settled.promise
      await control?.stop(GRACE_MS)
      lock[Symbol.dispose]()
    },
    () => control?.kill(),
  )
  try {
    const running = await begin(folder, settings, end)
    control = running?.control
    settled.resolve()
    if (running !== undefined && !end.begun) {
      const { addresses, startedAt, token } = running
      writeRunFile(folder, { pid: process.pid, version: PROGRAM_VERSION, ...addresses, startedAt })
      const { signInLink, wasRemoved } = running.control
      return { addresses, adminToken: token, signInLink, wasRemoved, stopping: () => end.begun, stopped: end.stopped, stop: end.stop }
    }
  } catch (error) {
    settled.resolve()
    if (!end.begun) {
      end.forget()
      await control?.stop(0).catch(() => {})
      lock[Symbol.dispose]()
      throw error instanceof FairleadError ? error : new FairleadError('internal', error instanceof Error ? error.message : String(error), { cause: error })
    }
  }
  await end.stop()
  return undefined
}

/** Everything up to the announcement; `undefined` where a signal came before there was anything to stop. */
async function begin(folder: DataFolder, settings: PlatformSettings, end: Ending) {
  removeRunFile(folder)
  await Promise.race([lastRunEnded(folder, settings), end.beginning])
  if (end.begun) return undefined
  const { host } = settings
  const port = await reservePort({ host, port: settings.port, option: '--port' })
  const httpPort = await reservePort({ host, port: settings.httpPort, option: '--http-port' })
  const grpcPort = await reservePort({ host, port: settings.grpcPort, option: '--grpc-port' })
  const token = adminToken(folder)
  const addresses = { control: `http://${urlHost(host)}:${port}`, http: `http://${urlHost(host)}:${httpPort}`, grpc: `${urlHost(host)}:${grpcPort}` }
  const startedAt = rfc3339(Date.now())
  removeOldLogs(folder.logs)
  const control = await startControl({
    folder,
    settings,
    port,
    httpPort,
    grpcPort,
    addresses,
    adminToken: token,
    platformToken: randomBytes(32).toString('base64url'),
    loopback: isLoopback(host),
    logger: createLogger(settings.logLevel, logOutput(folder.logs, 'platform'), { pid: process.pid }),
    startedAt,
  })
  return { control, addresses, token, startedAt }
}

/** Two generations must not write one log, nor share a port. */
async function lastRunEnded({ root, processes, logs }: DataFolder, { logLevel }: PlatformSettings): Promise<void> {
  if (await unattended(root, PATIENCE_MS)) return
  const killed = killRecorded(processes)
  if (killed.length > 0) {
    createLogger(logLevel, logOutput(logs, 'platform'), { pid: process.pid }).warn({ killed }, 'processes of an earlier run hung and were killed')
    if (await unattended(root, KILL_MS)) return
  }
  throw new FairleadError('data-locked', `Processes of an earlier run still work on the data folder ${root}. Wait, or choose another folder with --data.`)
}

/** One way to end, whoever asks for it. */
interface Ending {
  /** Whether somebody has asked. */
  readonly begun: boolean
  /** Settles when somebody asks. */
  beginning: Promise<void>
  stop(): Promise<void>
  stopped: Promise<void>
  /** Gives the signals back. */
  forget(): void
}

/** Ends once in order, and at once for the second signal. */
function ending(close: () => Promise<void>, kill: () => void): Ending {
  const { promise: stopped, resolve, reject } = Promise.withResolvers<void>()
  const beginning = Promise.withResolvers<void>()
  let begun = false
  const stop = (): Promise<void> => {
    if (!begun) {
      begun = true
      beginning.resolve()
      close().then(resolve, reject)
    }
    return stopped
  }
  const onSignal = () => {
    if (begun) {
      kill()
      process.exit(130)
    }
    void stop()
  }
  const forget = () => {
    process.off('SIGTERM', onSignal)
    process.off('SIGINT', onSignal)
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  stopped.then(forget, forget)
  return {
    get begun() {
      return begun
    },
    beginning: beginning.promise,
    stop,
    stopped,
    forget,
  }
}
