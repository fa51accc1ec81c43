/** A value as a feature service knows it. */
export type FeatureValue = number | bigint | string | boolean | null

/** What a service knows of one feature, an entry for each key it was asked for. */
export interface FeatureAnswer {
  values: readonly FeatureValue[]
  /** When each value came to be, in milliseconds since 1970; null where that is not known. */
  times: readonly (number | null)[]
}

/** Keys to look up: by name of the key, a value for each; all of the same length. */
export type FeatureKeys = ReadonlyMap<string, readonly FeatureValue[]>

/** Knows values by keys: a feature store, or any service that answers as one. */
export interface FeatureService {
  /**
   * What is known of features, by their names at the service: null for keys it does not know. Rejects with `lookup-failed` where it answers
   * nothing sensible in time.
   */
  fetch(ask: { keys: FeatureKeys; features: readonly string[]; signal: AbortSignal }): Promise<ReadonlyMap<string, FeatureAnswer>>
}
