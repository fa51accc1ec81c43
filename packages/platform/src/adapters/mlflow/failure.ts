import { FairleadError } from '@fairlead/contract'

const WORDS = 300

/** Errors of the system after which another attempt may succeed. */
const TRANSIENT = new Set(['ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'ECONNABORTED', 'ENETRESET', 'EAI_AGAIN'])

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name of the host cannot be looked up',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself; name it in MLFLOW_TRACKING_SERVER_CERT_PATH',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an unknown authority; name that in MLFLOW_TRACKING_SERVER_CERT_PATH',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes from an unknown authority; name that in MLFLOW_TRACKING_SERVER_CERT_PATH',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from an unknown authority; name that in MLFLOW_TRACKING_SERVER_CERT_PATH',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
}

/** A system error as one of ours, and whether it may pass. */
export function systemFailure(error: unknown, base: URL): { failure: FairleadError; transient: boolean } {
  const { code = '', message } = error as NodeJS.ErrnoException
  const reason = REASONS[code] ?? message.split('\n')[0]?.slice(0, WORDS)
  const failure = new FairleadError('tracking-unreachable', `The tracking server ${base.origin} is not reachable: ${reason}.`, { cause: error })
  return { failure, transient: TRANSIENT.has(code) }
}

/** What a server answered instead of what was asked for. */
export interface RefusedAnswer {
  status: number
  type: string
  text: string
}

/** An answer of MLflow's other than 200, as one of our errors with MLflow's words. */
export function refusalOf({ status, type, text }: RefusedAnswer, { url, hasCredentials }: { url: URL; hasCredentials: boolean }): FairleadError {
  const words = wordsOf(type, text)
  const says = words === '' ? `answers ${status}` : `answers ${status}: ${words}`
  const who = `The tracking server ${url.origin}`
  if (status === 401 || (status === 403 && !/Invalid Host header|Cross-origin/.test(words))) {
    const given = hasCredentials ? 'the credentials that were sent do not suffice' : 'no credentials were sent'
    return new FairleadError('tracking-not-allowed', `${who} ${says} (${given}).`)
  }
  // an alias that is not there is an invalid parameter to MLflow
  if (status === 404 || (status === 400 && /\bnot found\b/i.test(words))) return new FairleadError('tracking-unknown', `${who} ${says}`)
  if (status === 429 || status === 503) return new FairleadError('tracking-unreachable', `${who} is not ready: it ${says}.`)
  return new FairleadError('tracking-failed', `${who} ${says} (${url.pathname}).`)
}

function wordsOf(type: string, text: string): string {
  if (type.startsWith('text/plain')) return text.trim().slice(0, WORDS)
  try {
    const { message } = JSON.parse(text) as { message?: unknown }
    return typeof message === 'string' ? message.trim().slice(0, WORDS) : ''
  } catch {
    return ''
  }
}
