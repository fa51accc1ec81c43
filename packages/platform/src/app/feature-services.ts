import { FeastFeatures, PlainFeatures } from '../adapters/features/index.ts'
import type { FeatureServiceSettings } from '../config/index.ts'
import type { FeatureService } from '../domain/pipeline/index.ts'

/** The feature services of a platform, by name; connections are made when they are asked. */
export function featureServicesOf(settings: readonly FeatureServiceSettings[]): ReadonlyMap<string, FeatureService> & Disposable {
  const services = settings.map(({ name, kind, url, headers, caFile }) => {
    const server = { name, url, headers, ...(caFile === undefined ? {} : { tls: { caFile } }) }
    return [name, kind === 'feast' ? new FeastFeatures(server) : new PlainFeatures(server)] as const
  })
  const byName = new Map(services)
  return Object.assign(byName, {
    [Symbol.dispose]() {
      for (const service of byName.values()) service[Symbol.dispose]()
    },
  })
}
