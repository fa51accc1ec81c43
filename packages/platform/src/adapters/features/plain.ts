import { writeJson } from '@fairlead/contract'
import type { FeatureAnswer, FeatureService } from '../../domain/pipeline/index.ts'
import { parseTime } from '../../domain/pipeline/index.ts'
import { FeatureExchange, type FeatureServer } from './exchange.ts'
import { columnOf, recordOf } from './read-columns.ts'

/**
 * A service that answers in Fairlead's own plain form, which any web framework writes in a few lines: it is sent
 * `{"keys": {"customer": [7, 8]}, "features": ["balance"]}` and answers `{"features": {"balance": [120.5, null]}}`, a list of a value or null for each
 * key. Where ages count, `"times": {"balance": ["2026-01-31T12:00:00Z", null]}` says when each came to be.
 */
export class PlainFeatures implements FeatureService, Disposable {
  readonly #exchange: FeatureExchange

  constructor(server: FeatureServer) {
    this.#exchange = new FeatureExchange(server)
  }

  async fetch({ keys, features, signal }: Parameters<FeatureService['fetch']>[0]): Promise<Map<string, FeatureAnswer>> {
    const exchange = this.#exchange
    const answer = recordOf(await exchange.post(writeJson({ keys: Object.fromEntries(keys), features }), signal), 'the answer', exchange)
    const columns = recordOf(answer.features, '"features"', exchange)
    const times = answer.times === undefined ? undefined : recordOf(answer.times, '"times"', exchange)
    return new Map(
      features.map((name) => {
        const values = columnOf(columns[name], `"features.${name}"`, exchange)
        return [name, { values, times: times?.[name] === undefined ? values.map(() => null) : this.#times(times[name], name) }]
      }),
    )
  }

  [Symbol.dispose](): void {
    this.#exchange.close()
  }

  #times(value: unknown, name: string): (number | null)[] {
    return columnOf(value, `"times.${name}"`, this.#exchange).map((time) => {
      if (time === null) return null
      const millis = typeof time === 'string' ? parseTime(time) : undefined
      if (millis === undefined)
        throw this.#exchange.failed(`"times.${name}" has ${JSON.stringify(String(time).slice(0, 50))}, which is no time as RFC 3339 writes it`)
      return millis
    })
  }
}
