import { availableParallelism, totalmem } from 'node:os'
import { resolve } from 'node:path'
import { FairleadError } from '@fairlead/contract'
import { LOG_LEVELS, type LogLevel } from '../kernel/logger.ts'
import { didYouMean } from '../kernel/suggestion.ts'
import { type DeclaredFeatures, type FeatureServiceSettings, featureServices } from './feature-services.ts'

/** All that `startPlatform` needs to know. Frozen; the inside sees nothing else of the outside. */
export interface PlatformSettings {
  /** Absolute path of the data folder. */
  readonly dataDir: string
  readonly host: string
  /** Port of control; 0 means any free one, as for the other two. */
  readonly port: number
  readonly httpPort: number
  readonly grpcPort: number
  /** Number of serve processes. */
  readonly processes: number
  /** Predictions need no key on any address. */
  readonly open: boolean
  /** Origins whose pages may ask for predictions from the browser, or `*`. */
  readonly allowedOrigins: readonly string[]
  /** Folders in which batch jobs may read and write files, absolute; `null` leaves it to the address that the platform listens on. */
  readonly batchFolders: readonly string[] | null
  /** Plain predictions are answered without `node:http`. */
  readonly fastLane: boolean
  /** Milliseconds after which a serve process that does not react is killed and started again. */
  readonly hungAfterMs: number
  readonly logLevel: LogLevel
  readonly limits: PlatformLimits
  /** Interpreters of Python for models that need one, tried before those that are found. */
  readonly interpreters: readonly string[]
  /** Whether models may be loaded that run their author's code. */
  readonly allowCode: 'ask' | 'always' | 'never'
  readonly models: ModelSettings
  /** Services that `lookup` steps ask for features. */
  readonly features: readonly FeatureServiceSettings[]
}

/** How a serve process keeps models in memory. */
export interface ModelSettings {
  /** Bytes that the models of one serve process may take. */
  readonly memoryBytes: number
  /** Models that it loads at a time. */
  readonly loads: number
  /** Current releases that it loads as it starts. */
  readonly preload: number
}

/** Sizes in bytes beyond which input is refused. */
export interface PlatformLimits {
  /** Body of one prediction request. */
  readonly bodyBytes: number
  /** Connections of one serve process at a time, on each of its two ports: of all clients, and of one address. */
  readonly connections: number
  readonly connectionsPerAddress: number
  /** Milliseconds that an idle connection is kept. */
  readonly keepAliveMs: number
  /** All files of one model version together. */
  readonly modelBytes: number
}

/** Names of the settings, as `fairlead.yaml` writes them under `platform:`. */
export type SettingName =
  | 'data'
  | 'host'
  | 'port'
  | 'httpPort'
  | 'grpcPort'
  | 'processes'
  | 'role'
  | 'open'
  | 'allowedOrigins'
  | 'batchFolders'
  | 'fastLane'
  | 'hungAfter'
  | 'logLevel'
  | 'maxBodyBytes'
  | 'maxConnections'
  | 'maxConnectionsPerAddress'
  | 'keepAlive'
  | 'maxModelBytes'
  | 'modelMemory'
  | 'loads'
  | 'preload'
  | 'python'
  | 'allowCode'

/** One setting: its name in each of the three places, how its text is read, and its default. */
export interface SettingSpec {
  name: SettingName
  env: string
  flag: string
  /** Placeholder of the option's value in help; absent for switches. */
  value?: string
  description: string
  /** The value when nobody gives one; it may depend on the settings before it. */
  fallback: (before: Readonly<Partial<Record<SettingName, unknown>>>) => unknown
  /** Reads a value of any place; throws a plain Error that says what it takes. */
  read: (value: unknown) => unknown
}

const MOST_PROCESSES = 8
const DEFAULT_CONNECTIONS = 10_000
const MOST_CONNECTIONS = 1_000_000

function integer(least: number, most: number) {
  return (value: unknown): number => {
    const number = typeof value === 'string' && /^\d{1,15}$/.test(value.trim()) ? Number(value) : value
    if (typeof number !== 'number' || !Number.isInteger(number) || number < least || number > most) {
      throw new Error(`takes a whole number from ${least} to ${most}`)
    }
    return number
  }
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }

/** A number of bytes, alone or with a unit of 1024: `512M`, `2 GiB`. */
function size(least: number, most: number) {
  return (value: unknown): number => {
    const found = typeof value === 'string' ? /^(\d{1,15}(?:\.\d{1,3})?) ?([KMGT]?)(?:i?B)?$/i.exec(value.trim()) : undefined
    const bytes = found ? Math.round(Number(found[1]) * UNITS[found[2]!.toUpperCase()]!) : value
    if (typeof bytes !== 'number' || !Number.isInteger(bytes) || bytes < least || bytes > most) {
      throw new Error(`takes a size from ${least / 2 ** 20}M to ${most / 2 ** 40}T, such as 512M or 2G`)
    }
    return bytes
  }
}

/** Memory of this machine, or what the container that this runs in may use of it. */
function machineBytes(): number {
  const allowed = process.constrainedMemory()
  return allowed > 0 ? Math.min(allowed, totalmem()) : totalmem()
}

function text(value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '') throw new Error('takes a text that is not empty')
  return value
}

function flag(value: unknown): boolean {
  if (value === true || value === 'true' || value === '1') return true
  if (value === false || value === 'false' || value === '0') return false
  throw new Error('takes true or false')
}

function level(value: unknown): LogLevel {
  const found = LOG_LEVELS.find((name) => name === value)
  if (!found) throw new Error(`takes one of ${LOG_LEVELS.join(', ')}`)
  return found
}

const ROLES = ['control', 'serve', 'work']

function roles(value: unknown): string[] {
  const list = Array.isArray(value) ? value.map(String) : text(value).split(',')
  const names = list.map((name) => name.trim()).filter((name) => name !== '')
  const stranger = names.find((name) => !ROLES.includes(name))
  if (stranger !== undefined || names.length === 0) throw new Error(`takes roles out of ${ROLES.join(', ')}`)
  return [...new Set(names)].sort()
}

const MOST_ORIGINS = 100

/** Origins as browsers send them: scheme, host, and the port where it is not that of the scheme. */
function origins(value: unknown): string[] {
  const list = Array.isArray(value) ? value : text(value).split(',')
  const found = list.map((one) => originOf(text(one).trim()))
  if (found.length > MOST_ORIGINS) throw new Error(`takes at most ${MOST_ORIGINS} origins`)
  return [...new Set(found)]
}

function originOf(origin: string): string {
  if (origin === '*') return origin
  const url = /^https?:\/\/[^/?#@*\s]+\/?$/i.test(origin) && URL.canParse(origin) ? new URL(origin) : undefined
  if (!url) throw new Error('takes origins of pages such as https://shop.example, separated by commas, or *')
  return url.origin
}

function paths(value: unknown): string[] {
  const list = Array.isArray(value) ? value.map(text) : text(value).split(',')
  return list.map((path) => resolve(path.trim()))
}

function oneOf(words: readonly string[]) {
  return (value: unknown): string => {
    const found = words.find((word) => word === value)
    if (found === undefined) throw new Error(`takes one of ${words.join(', ')}`)
    return found
  }
}

const port = integer(0, 65535)

/** Every setting of a platform. Options, environment names, file keys and help all come from this list. */
export const SETTINGS: readonly SettingSpec[] = [
  {
    name: 'data',
    env: 'FAIRLEAD_DATA',
    flag: '--data',
    value: 'DIR',
    description: 'folder that holds everything of this platform, .fairlead when not given',
    fallback: () => '.fairlead',
    read: text,
  },
  {
    name: 'host',
    env: 'FAIRLEAD_HOST',
    flag: '--host',
    value: 'ADDRESS',
    description: 'address to listen on, 127.0.0.1 when not given; beyond this machine predictions need a key',
    fallback: () => '127.0.0.1',
    read: text,
  },
  {
    name: 'port',
    env: 'FAIRLEAD_PORT',
    flag: '--port',
    value: 'PORT',
    description: 'port of control and console, 7300 when not given; 0 means any free one',
    fallback: () => 7300,
    read: port,
  },
  {
    name: 'httpPort',
    env: 'FAIRLEAD_HTTP_PORT',
    flag: '--http-port',
    value: 'PORT',
    description: 'port of predictions over HTTP, 7310 when not given',
    fallback: () => 7310,
    read: port,
  },
  {
    name: 'grpcPort',
    env: 'FAIRLEAD_GRPC_PORT',
    flag: '--grpc-port',
    value: 'PORT',
    description: 'port of predictions over gRPC; 7311 when not given, or any free one when that of HTTP is',
    // who lets the other port be chosen may well run several platforms
    fallback: ({ httpPort }) => (httpPort === 0 ? 0 : 7311),
    read: port,
  },
  {
    name: 'processes',
    env: 'FAIRLEAD_PROCESSES',
    flag: '--processes',
    value: 'N',
    description: `serve processes; one per core, at most ${MOST_PROCESSES}, when not given`,
    fallback: () => Math.min(MOST_PROCESSES, availableParallelism()),
    read: integer(1, 64),
  },
  {
    name: 'role',
    env: 'FAIRLEAD_ROLE',
    flag: '--role',
    value: 'ROLES',
    description: 'roles of this process; this version runs control,serve,work together',
    fallback: () => ROLES,
    read: roles,
  },
  {
    name: 'open',
    env: 'FAIRLEAD_OPEN',
    flag: '--open',
    description: 'ask for no key for predictions, on any address',
    fallback: () => false,
    read: flag,
  },
  {
    name: 'allowedOrigins',
    env: 'FAIRLEAD_ALLOWED_ORIGINS',
    flag: '--allowed-origins',
    value: 'ORIGINS',
    description:
      'origins whose web pages may ask for predictions from the browser (CORS), such as https://shop.example, separated by commas; * for all pages, which then need a key. None when not given',
    fallback: () => [],
    read: origins,
  },
  {
    name: 'batchFolders',
    env: 'FAIRLEAD_BATCH_FOLDERS',
    flag: '--batch-folders',
    value: 'DIRS',
    description:
      'folders in which batch jobs may read and write files, separated by commas; when not given, any on a platform that only this machine reaches, and none on others',
    fallback: () => null,
    read: (value) => (value === null ? null : paths(value)),
  },
  {
    name: 'fastLane',
    env: 'FAIRLEAD_FAST_LANE',
    flag: '--fast-lane',
    value: 'BOOLEAN',
    description: 'whether plainly formed predictions are read straight from the socket, true when not given; false sends every request through node:http',
    fallback: () => true,
    read: flag,
  },
  {
    name: 'hungAfter',
    env: 'FAIRLEAD_HUNG_AFTER',
    flag: '--hung-after',
    value: 'SECONDS',
    description: 'seconds after which a serve process that does not react is killed and started again, 10 when not given',
    fallback: () => 10,
    read: integer(2, 3600),
  },
  {
    name: 'logLevel',
    env: 'FAIRLEAD_LOG_LEVEL',
    flag: '--log-level',
    value: 'LEVEL',
    description: `least severity of log lines of ${LOG_LEVELS.join(', ')}; warn when not given`,
    fallback: () => 'warn',
    read: level,
  },
  {
    name: 'maxBodyBytes',
    env: 'FAIRLEAD_MAX_BODY_BYTES',
    flag: '--max-body-bytes',
    value: 'BYTES',
    description: 'largest body of a prediction request, 64 MiB when not given',
    fallback: () => 64 * 1024 ** 2,
    read: integer(1024, 1024 ** 3),
  },
  {
    name: 'maxConnections',
    env: 'FAIRLEAD_MAX_CONNECTIONS',
    flag: '--max-connections',
    value: 'N',
    description: 'connections of a serve process at a time, on each of its ports, 10000 when not given; more are refused',
    fallback: () => DEFAULT_CONNECTIONS,
    read: integer(1, MOST_CONNECTIONS),
  },
  {
    name: 'maxConnectionsPerAddress',
    env: 'FAIRLEAD_MAX_CONNECTIONS_PER_ADDRESS',
    flag: '--max-connections-per-address',
    value: 'N',
    description: 'those of them that one address may have, this machine apart; as many as there are when not given',
    fallback: ({ maxConnections = DEFAULT_CONNECTIONS }) => maxConnections,
    read: integer(1, MOST_CONNECTIONS),
  },
  {
    name: 'keepAlive',
    env: 'FAIRLEAD_KEEP_ALIVE',
    flag: '--keep-alive',
    value: 'SECONDS',
    description: 'how long an idle connection over HTTP is kept, 75 when not given; longer than the proxy before it keeps its own',
    fallback: () => 75,
    read: integer(1, 3600),
  },
  {
    name: 'maxModelBytes',
    env: 'FAIRLEAD_MAX_MODEL_BYTES',
    flag: '--max-model-bytes',
    value: 'BYTES',
    description: 'largest model version, all its files together, 16 GiB when not given',
    fallback: () => 16 * 1024 ** 3,
    read: integer(1024, 1024 ** 4),
  },
  {
    name: 'modelMemory',
    env: 'FAIRLEAD_MODEL_MEMORY',
    flag: '--model-memory',
    value: 'SIZE',
    description:
      'memory that the models of one serve process may take, such as 2G; those asked longest ago make room. When not given, half of the memory divided by the processes',
    fallback: ({ processes }) => Math.max(2 ** 20, Math.floor(machineBytes() / 2 / Number(processes ?? 1))),
    read: size(2 ** 20, 2 ** 50),
  },
  {
    name: 'loads',
    env: 'FAIRLEAD_LOADS',
    flag: '--loads',
    value: 'N',
    description: 'models that a serve process loads at a time, 2 when not given',
    fallback: () => 2,
    read: integer(1, 64),
  },
  {
    name: 'preload',
    env: 'FAIRLEAD_PRELOAD',
    flag: '--preload',
    value: 'N',
    description: 'deployments whose models a serve process loads as it starts, 32 when not given; those of others are loaded when they are asked for',
    fallback: () => 32,
    read: integer(0, 1_000_000),
  },
  {
    name: 'python',
    env: 'FAIRLEAD_PYTHON',
    flag: '--python',
    value: 'PATHS',
    description: 'interpreters for models that Python runs, separated by commas, tried before those of uv, of the search path and of pyenv',
    fallback: () => [],
    read: paths,
  },
  {
    name: 'allowCode',
    env: 'FAIRLEAD_ALLOW_CODE',
    flag: '--allow-code',
    value: 'WHEN',
    description: 'when models may be imported whose loading runs code of their author: ask (the import says --allow-code), always or never; ask when not given',
    fallback: () => 'ask',
    read: oneOf(['ask', 'always', 'never']),
  },
]

/** The three places a setting may come from, the strongest first. */
export interface SettingSources {
  flags?: Partial<Record<SettingName, unknown>>
  env?: Readonly<Record<string, string | undefined>>
  /** The content of `platform:` in `fairlead.yaml`. */
  file?: Readonly<Record<string, unknown>>
  /** The content of `features:` there. */
  features?: DeclaredFeatures
}

function checkNames(file: Readonly<Record<string, unknown>>): void {
  const keys = SETTINGS.map((spec) => spec.name)
  for (const key of Object.keys(file)) {
    if (!keys.includes(key as SettingName)) throw new FairleadError('setting-unknown', `platform.${key} is not a setting.${didYouMean(key, keys)}`)
  }
}

function settle(spec: SettingSpec, { flags = {}, env = {}, file = {} }: SettingSources, before: Partial<Record<SettingName, unknown>>): unknown {
  const places: [unknown, string][] = [
    [flags[spec.name], spec.flag],
    [env[spec.env] === '' ? undefined : env[spec.env], spec.env],
    [file[spec.name], `platform.${spec.name}`],
  ]
  const [value, place] = places.find(([candidate]) => candidate !== undefined) ?? []
  if (place === undefined) return spec.fallback(before)
  try {
    return spec.read(value)
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause)
    // an option was typed just now
    const code = place === spec.flag ? 'usage' : 'setting-invalid'
    throw new FairleadError(code, `${place} ${what}, not ${JSON.stringify(value)}.`, { items: [{ path: place, code, detail: what }] })
  }
}

function checkRoles(asked: string[]): void {
  if (ROLES.every((role) => asked.includes(role))) return
  throw new FairleadError('not-supported', `This version runs the roles ${ROLES.join(', ')} together; --role ${asked.join(',')} alone is not supported yet.`)
}

function checkPorts(settings: PlatformSettings, flags: SettingSources['flags'] = {}): void {
  const taken = [settings.port, settings.httpPort, settings.grpcPort].filter((value) => value !== 0)
  if (new Set(taken).size === taken.length) return
  const typed = [flags.port, flags.httpPort, flags.grpcPort].some((value) => value !== undefined)
  throw new FairleadError(typed ? 'usage' : 'setting-invalid', '--port, --http-port and --grpc-port must differ.')
}

/**
 * Joins options, environment and file to the settings of a platform; the option wins over the environment over the file.
 * Unknown variables of the environment are left alone: container platforms make some of their own from service names.
 * Throws `usage` for an option, `setting-unknown` and `setting-invalid` for the other two, and `not-supported`, each naming the place.
 */
export function loadSettings(sources: SettingSources): PlatformSettings {
  checkNames(sources.file ?? {})
  const values = {} as Record<SettingName, never>
  for (const spec of SETTINGS) values[spec.name] = settle(spec, sources, values) as never
  checkRoles(values.role)
  const settings: PlatformSettings = Object.freeze({
    dataDir: resolve(values.data),
    host: values.host,
    port: values.port,
    httpPort: values.httpPort,
    grpcPort: values.grpcPort,
    processes: values.processes,
    open: values.open,
    allowedOrigins: Object.freeze(values.allowedOrigins),
    batchFolders: values.batchFolders && Object.freeze(values.batchFolders),
    fastLane: values.fastLane,
    hungAfterMs: values.hungAfter * 1000,
    logLevel: values.logLevel,
    interpreters: Object.freeze(values.python),
    allowCode: values.allowCode,
    features: Object.freeze(featureServices(sources.features ?? {}, sources.env ?? {})),
    models: Object.freeze({ memoryBytes: values.modelMemory, loads: values.loads, preload: values.preload }),
    limits: Object.freeze({
      bodyBytes: values.maxBodyBytes,
      connections: values.maxConnections,
      connectionsPerAddress: values.maxConnectionsPerAddress,
      keepAliveMs: values.keepAlive * 1000,
      modelBytes: values.maxModelBytes,
    }),
  })
  checkPorts(settings, sources.flags)
  return settings
}
