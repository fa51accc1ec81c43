import { compilePipeline, isModelAlone } from '../pipeline/index.ts'
import type { ModelSide, ServableRelease } from './types.ts'

/** The model of a release without the steps around it. */
export function modelSide({ own, signature, example }: ServableRelease): ModelSide {
  return own ?? { signature, example }
}

/** A release as it is frozen today, of one that was frozen when `signature` was the model's also where there were steps behind it. */
export function completed(release: ServableRelease): ServableRelease {
  if (release.own || isModelAlone(release.pipeline)) return release
  const { signature, example } = release
  return { ...release, signature: compilePipeline(release.pipeline, signature).signature, own: { signature, example } }
}
