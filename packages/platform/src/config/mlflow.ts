import { FairleadError } from '@fairlead/contract'
import type { Environment } from './environment.ts'

/** How an MLflow tracking server is reached, by options and by the environment variables that MLflow's own clients read. */
export interface MlflowSettings {
  readonly trackingUri: string
  readonly registryUri?: string
  readonly credentials?: { readonly username: string; readonly password: string } | { readonly token: string }
  readonly tls: { readonly insecure?: boolean; readonly caFile?: string; readonly clientCertFile?: string }
  /** Variables that name proxies, as the environment has them. */
  readonly proxy?: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly retries: number
}

/** Variables of MLflow's clients that change how requests are made, and that are not honoured. */
const REFUSED = {
  MLFLOW_TRACKING_AWS_SIGV4: 'requests signed for AWS',
  MLFLOW_TRACKING_AUTH: "plug-ins of MLflow's client",
} as const

const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy']
const TIMEOUT_SECONDS = 60
const RETRIES = 5

/**
 * Reads what is needed to reach a tracking server: `trackingUri` (an option) or MLFLOW_TRACKING_URI, the credentials in the address, in
 * MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or in MLFLOW_TRACKING_TOKEN, and how TLS and time are handled. Throws `usage` where
 * no server is named, and for values that cannot be; `not-supported` for what is asked of MLflow's client and not done here.
 */
export function mlflowSettings(env: Environment, given: { trackingUri?: string | undefined }): MlflowSettings {
  for (const [name, what] of Object.entries(REFUSED)) {
    if (env[name] !== undefined && env[name] !== '' && env[name] !== 'false')
      throw new FairleadError('not-supported', `${name} is set, and ${what} are not supported.`)
  }
  const place = given.trackingUri === undefined ? 'MLFLOW_TRACKING_URI' : '--tracking-uri'
  const uri = given.trackingUri ?? env.MLFLOW_TRACKING_URI
  if (uri === undefined || uri === '') {
    throw new FairleadError('usage', 'No MLflow tracking server is named: give --tracking-uri http://…, or set MLFLOW_TRACKING_URI.')
  }
  const address = addressOf(uri, place)
  const credentials = credentialsOf(env) ?? address.credentials
  const registryUri = env.MLFLOW_REGISTRY_URI ? addressOf(env.MLFLOW_REGISTRY_URI, 'MLFLOW_REGISTRY_URI').uri : undefined
  return {
    trackingUri: address.uri,
    ...(registryUri === undefined || registryUri === address.uri ? {} : { registryUri }),
    ...(credentials === undefined ? {} : { credentials }),
    tls: {
      ...(isTrue(env.MLFLOW_TRACKING_INSECURE_TLS) ? { insecure: true } : {}),
      ...(env.MLFLOW_TRACKING_SERVER_CERT_PATH ? { caFile: env.MLFLOW_TRACKING_SERVER_CERT_PATH } : {}),
      ...(env.MLFLOW_TRACKING_CLIENT_CERT_PATH ? { clientCertFile: env.MLFLOW_TRACKING_CLIENT_CERT_PATH } : {}),
    },
    ...proxyOf(env),
    timeoutMs: 1000 * numberOf(env, 'MLFLOW_HTTP_REQUEST_TIMEOUT', { fallback: TIMEOUT_SECONDS, least: 1, most: 86_400 }),
    retries: numberOf(env, 'MLFLOW_HTTP_REQUEST_MAX_RETRIES', { fallback: RETRIES, least: 0, most: 100 }),
  }
}

/** An address without its credentials; a message about it never shows them. */
function addressOf(uri: string, place: string): { uri: string; credentials?: { username: string; password: string } } {
  const url = URL.parse(uri)
  if (!url || !/^https?:$/.test(url.protocol)) {
    const scheme = /^([a-zA-Z][\w+.-]*):/.exec(uri)?.[1]
    const found = scheme === undefined ? 'another value' : `a ${scheme}: address`
    throw new FairleadError('usage', `${place} takes the http: or https: address of a tracking server, not ${found}. A folder is imported by its path.`)
  }
  const { username, password } = url
  url.username = ''
  url.password = ''
  url.search = ''
  url.hash = ''
  const plain = { uri: url.href.replace(/\/+$/, '') }
  return username === '' ? plain : { ...plain, credentials: { username: decodeURIComponent(username), password: decodeURIComponent(password) } }
}

/** As MLflow's clients have it, a user with a password goes before a token. */
function credentialsOf(env: Environment): MlflowSettings['credentials'] {
  const { MLFLOW_TRACKING_USERNAME: username, MLFLOW_TRACKING_PASSWORD: password, MLFLOW_TRACKING_TOKEN: token } = env
  if (username && password) return { username, password }
  if (username || password) {
    throw new FairleadError('usage', 'Of MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD only one is set; a user needs both.')
  }
  if (!token) return undefined
  if (!/^[\x21-\x7e]+$/.test(token)) throw new FairleadError('usage', 'MLFLOW_TRACKING_TOKEN has a character that no token can have, such as a line break.')
  return { token }
}

function proxyOf(env: Environment): Pick<MlflowSettings, 'proxy'> {
  const set = PROXIES.flatMap((name) => (env[name] ? [[name, env[name]] as const] : []))
  return set.length === 0 ? {} : { proxy: Object.fromEntries(set) }
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && /^(?:true|1)$/i.test(text.trim())
}

function numberOf(env: Environment, name: string, { fallback, least, most }: { fallback: number; least: number; most: number }): number {
  const text = env[name]
  if (text === undefined || text === '') return fallback
  const value = Number(text)
  if (!Number.isInteger(value) || value < least || value > most)
    throw new FairleadError('usage', `${name} takes a whole number from ${least} to ${most}, not "${text.slice(0, 50)}".`)
  return value
}
