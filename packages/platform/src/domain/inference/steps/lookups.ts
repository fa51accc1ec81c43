import { FairleadError } from '@fairlead/contract'
import { nearestWord } from '../../../kernel/suggestion.ts'
import { type CompiledPipeline, FeatureLookup, type FeatureService } from '../../pipeline/index.ts'

/** What a pipeline looks up, ready to ask. Throws `pipeline-invalid` for a service that there is not. */
export function lookupsOf({ lookups }: Pick<CompiledPipeline, 'lookups'>, services: ReadonlyMap<string, FeatureService> = new Map()): FeatureLookup[] {
  return lookups.map(({ step, options }) => {
    const service = services.get(options.service)
    if (service) return new FeatureLookup(service, options)
    const near = nearestWord(options.service, services.keys())
    const hint = near === undefined ? 'declare it under `features` in fairlead.yaml, and start the platform again' : `did you mean "${near}"?`
    const detail = `there is no feature service "${options.service}"; ${hint}`
    throw new FairleadError('pipeline-invalid', `step ${step + 1} of the pipeline (lookup.service): ${detail}`, {
      items: [{ path: `pipeline[${step}].lookup.service`, code: 'pipeline-invalid', detail }],
    })
  })
}
