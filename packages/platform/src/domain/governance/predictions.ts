import { FairleadError } from '@fairlead/contract'
import type { VerifiedKey } from './key-cache.ts'

/** Who asks for a prediction: an API key, or nobody in particular from this machine or on an open platform. */
export interface PredictionCaller {
  kind: 'key' | 'loopback' | 'open'
  id: string
}

/** What decides whether a prediction may be asked for. */
export interface PredictionAccess {
  /** The key that came with the request: verified, `invalid`, or absent. */
  key?: VerifiedKey | 'invalid' | undefined
  /** Whether the serve port answers on the loopback address only. */
  loopback: boolean
  /** Whether the platform was started with `--open`. */
  open: boolean
  /** The deployment's setting. */
  requireKey: boolean
  deployment: string
}

/** What decides whether somebody may read what a serve process tells of all deployments. */
export type ReadingAccess = Pick<PredictionAccess, 'key' | 'loopback'>

/** Who reads metrics: as on the control port, anybody of this machine, else a key that may read. Throws `not-authenticated` and `not-allowed`. */
export function authorizeReading({ key, loopback }: ReadingAccess): PredictionCaller {
  if (key === 'invalid') throw new FairleadError('not-authenticated', 'The API key is unknown, revoked or expired.')
  if (!key) {
    if (loopback) return { kind: 'loopback', id: 'loopback' }
    throw new FairleadError('not-authenticated', 'Metrics need an API key with the scope read on this address.')
  }
  if (!key.scopes.includes('read') && !key.scopes.includes('admin')) throw new FairleadError('not-allowed', `The API key ${key.id} is not made for reading.`)
  if (key.deployments.length > 0)
    throw new FairleadError('not-allowed', `The API key ${key.id} is bound to ${key.deployments.join(', ')}, and metrics tell of all.`)
  return { kind: 'key', id: key.id }
}

/**
 * Who loads and unloads models, which takes deployments from their callers: a key with the scope admin. Without a key nobody may, unless the
 * platform was started with `--open` and answers on this machine only. Throws `not-authenticated` and `not-allowed`.
 */
export function authorizeControl({ key, loopback, open, deployment }: Omit<PredictionAccess, 'requireKey'>): PredictionCaller {
  if (key === 'invalid') throw new FairleadError('not-authenticated', 'The API key is unknown, revoked or expired.')
  if (!key) {
    if (loopback && open) return { kind: 'loopback', id: 'loopback' }
    throw new FairleadError('not-authenticated', 'To load or unload a model takes the admin token, or an API key with the scope admin.')
  }
  if (!key.scopes.includes('admin')) throw new FairleadError('not-allowed', `The API key ${key.id} is not made for loading and unloading models.`)
  if (key.deployments.length > 0 && !key.deployments.includes(deployment))
    throw new FairleadError('not-allowed', `The API key ${key.id} is not made for the deployment ${deployment}.`)
  return { kind: 'key', id: key.id }
}

/**
 * Who asks for a prediction. A key that was sent must be good, even where none is needed: whoever sends one relies on it.
 * Throws `not-authenticated` and `not-allowed`.
 */
export function authorizePrediction({ key, loopback, open, requireKey, deployment }: PredictionAccess): PredictionCaller {
  if (key === 'invalid') throw new FairleadError('not-authenticated', 'The API key is unknown, revoked or expired.')
  if (key) {
    const may = key.scopes.includes('predict') || key.scopes.includes('admin')
    if (!may) throw new FairleadError('not-allowed', `The API key ${key.id} is not made for predictions.`)
    if (key.deployments.length > 0 && !key.deployments.includes(deployment)) {
      throw new FairleadError('not-allowed', `The API key ${key.id} is not made for the deployment ${deployment}.`)
    }
    return { kind: 'key', id: key.id }
  }
  if (requireKey) throw new FairleadError('not-authenticated', `The deployment ${deployment} asks for an API key.`)
  if (loopback) return { kind: 'loopback', id: 'loopback' }
  if (open) return { kind: 'open', id: 'open' }
  throw new FairleadError('not-authenticated', 'Predictions need an API key on this address.')
}
