import type { FeatureValue } from '../../domain/pipeline/index.ts'
import type { FeatureExchange } from './exchange.ts'

/** An object of an answer. Throws `lookup-failed`. */
export function recordOf(value: unknown, what: string, exchange: Pick<FeatureExchange, 'failed'>): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw exchange.failed(`${what} must be an object`)
  return value as Record<string, unknown>
}

/** A list of an answer. Throws `lookup-failed`. */
export function listOf(value: unknown, what: string, exchange: Pick<FeatureExchange, 'failed'>): unknown[] {
  if (!Array.isArray(value)) throw exchange.failed(`${what} must be a list`)
  return value
}

/** A list of plain values of an answer. Throws `lookup-failed`. */
export function columnOf(value: unknown, what: string, exchange: Pick<FeatureExchange, 'failed'>): FeatureValue[] {
  return listOf(value, what, exchange).map((one) => {
    if (typeof one === 'object' && one !== null) throw exchange.failed(`${what} has lists or objects, and plain values are needed`)
    return one as FeatureValue
  })
}
