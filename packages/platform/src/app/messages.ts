import type { FeatureServiceSettings, ModelSettings } from '../config/index.ts'
import type { LogLevel } from '../kernel/logger.ts'

/** Version of the messages between the supervisor and its serve processes; both sides come from one program. */
export const MESSAGES_VERSION = 1

/** All that a serve process needs to know. */
export interface ServeInit {
  version: typeof MESSAGES_VERSION
  /** Name of the process, never the same twice, and of the place that it fills. */
  process: string
  slot: string
  dataDir: string
  host: string
  port: number
  grpcPort: number
  reusePort: boolean
  open: boolean
  /** Origins whose pages may ask from the browser. */
  allowedOrigins: readonly string[]
  /** Plain predictions are answered without `node:http`. */
  fastLane: boolean
  /** Largest body of a prediction request. */
  bodyBytes: number
  /** How models are kept in memory. */
  models: ModelSettings
  /** Interpreters of Python that were named. */
  interpreters: readonly string[]
  /** Services that `lookup` steps ask; secrets are in it. */
  features: readonly FeatureServiceSettings[]
  /** SHA-256 of the admin token, which lets its bearer load and unload models. */
  adminTokenHash: string
  /** Connections at a time on each port, of all clients and of one address. */
  connections: number
  connectionsPerAddress: number
  /** Milliseconds that an idle connection is kept. */
  keepAliveMs: number
  /** Lets control ask for predictions on behalf of the console. */
  platformToken: string
  restarts: number
  /** How many of the restarts were for what hung, and why the last process of this place ended. */
  hangs: number
  restartReason: string | undefined
  /** Milliseconds that the main thread may go without turning. */
  hungAfterMs: number
  logLevel: LogLevel
  programVersion: string
}

/** From the supervisor to a serve process. */
export type ToServe =
  | { type: 'init'; init: ServeInit }
  | { type: 'desired-changed' }
  | { type: 'keys-changed'; ask: number }
  /** Publish what was counted so far. */
  | { type: 'publish'; ask: number }
  /** What this process asked for was done by all that live. */
  | { type: 'all-published'; ask: number }
  | { type: 'drain'; graceMs: number }

/** From a serve process to the supervisor. */
export type FromServe =
  | { type: 'waiting' }
  | { type: 'ready'; port: number }
  | { type: 'keys-read'; ask: number }
  | { type: 'published'; ask: number }
  /** Have every other process publish what it has counted. */
  | { type: 'ask-counts'; ask: number }
  | { type: 'fatal'; code: string; detail: string }
  /** The main thread turns, and may now be away for so long. */
  | { type: 'alive'; limitMs: number }
  /** So many threads hang in native code, and go only with the process. */
  | { type: 'worn'; threads: number; reason: string }
