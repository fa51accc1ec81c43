import { writeJson } from '@fairlead/contract'
import { type FeatureAnswer, type FeatureKeys, type FeatureService, type FeatureValue, parseTime } from '../../domain/pipeline/index.ts'
import { FeatureExchange, type FeatureServer } from './exchange.ts'
import { columnOf, listOf, recordOf } from './read-columns.ts'

/** What is there; every other status is a value that is not. */
const PRESENT = 'PRESENT'

interface Result {
  values: FeatureValue[]
  statuses: unknown[]
  times: unknown[]
}

/**
 * A feature server of Feast (`feast serve`): `POST /get-online-features`, with features named `view:feature`. Its view's `ttl` is not applied
 * online, and what has expired comes as if it were good; the times that it tells are what ages are judged by.
 */
export class FeastFeatures implements FeatureService, Disposable {
  readonly #exchange: FeatureExchange

  constructor(server: FeatureServer) {
    this.#exchange = new FeatureExchange(server, '/get-online-features')
  }

  async fetch({ keys, features, signal }: Parameters<FeatureService['fetch']>[0]): Promise<Map<string, FeatureAnswer>> {
    // with full names those of two views cannot meet
    const body = writeJson({ features, entities: Object.fromEntries(keys), full_feature_names: true })
    const answer = recordOf(await this.#exchange.post(body, signal), 'the answer', this.#exchange)
    const results = this.#results(answer, keys)
    return new Map(features.map((name) => [name, this.#feature(name, results)]))
  }

  [Symbol.dispose](): void {
    this.#exchange.close()
  }

  #feature(name: string, results: ReadonlyMap<string, Result>): FeatureAnswer {
    const result = results.get(name.replace(':', '__')) ?? results.get(name) ?? results.get(name.slice(name.indexOf(':') + 1))
    if (!result) throw this.#exchange.failed(`it has no feature "${name}" in its answer; there are ${[...results.keys()].slice(0, 20).join(', ')}`)
    const { values, statuses, times } = result
    return {
      values: values.map((value, at) => (statuses[at] === PRESENT ? value : null)),
      times: values.map((_, at) => (typeof times[at] === 'string' ? (parseTime(times[at]) ?? null) : null)),
    }
  }

  /** Results by name. Older servers answer an object for each key; what cannot be told apart is refused. */
  #results(answer: Record<string, unknown>, keys: FeatureKeys): Map<string, Result> {
    const exchange = this.#exchange
    const metadata = recordOf(answer.metadata, '"metadata"', exchange)
    const raw = metadata.feature_names
    const names = listOf(Array.isArray(raw) ? raw : recordOf(raw, '"metadata.feature_names"', exchange).val, '"metadata.feature_names"', exchange).map(String)
    const results = listOf(answer.results, '"results"', exchange).map((result, at) => this.#result(result, at))
    const count = [...keys.values()][0]?.length ?? 0
    const byFeature = results.length === names.length && results.every(({ values }) => values.length === count)
    const byKey = results.length === count && results.every(({ values }) => values.length === names.length)
    if (byFeature && (!byKey || this.#hasKeys(names, results, keys))) return new Map(names.map((name, at) => [name, results[at]!]))
    if (!byKey)
      throw exchange.failed(
        `its answer has ${results.length} results for ${names.length} features of ${count} keys, which is neither one for each feature nor one for each key`,
      )
    const turned = names.map((name, feature): [string, Result] => [
      name,
      {
        values: results.map(({ values }) => values[feature]!),
        statuses: results.map(({ statuses }) => statuses[feature]),
        times: results.map(({ times }) => times[feature]),
      },
    ])
    if (
      !byFeature ||
      this.#hasKeys(
        names,
        turned.map(([, result]) => result),
        keys,
      )
    )
      return new Map(turned)
    throw exchange.failed('it cannot be told whether its answer has a result for each feature or for each key')
  }

  /** Whether results that are named as keys have the values that were asked for. */
  #hasKeys(names: readonly string[], results: readonly Result[], keys: FeatureKeys): boolean {
    const named = names.flatMap((name, at) => (keys.has(name) ? [{ asked: keys.get(name)!, got: results[at]!.values }] : []))
    return named.length > 0 && named.every(({ asked, got }) => asked.every((value, at) => String(value) === String(got[at])))
  }

  #result(value: unknown, at: number): Result {
    const exchange = this.#exchange
    const { values, statuses, event_timestamps: times } = recordOf(value, `"results[${at}]"`, exchange)
    return {
      values: columnOf(values, `"results[${at}].values"`, exchange),
      statuses: listOf(statuses, `"results[${at}].statuses"`, exchange),
      times: listOf(times ?? [], `"results[${at}].event_timestamps"`, exchange),
    }
  }
}
