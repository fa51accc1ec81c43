import { FairleadError } from '@fairlead/contract'
import type { FormChoice } from '../formats/forms.ts'

export type ScoringType = 'application/json' | 'text/csv' | 'application/vnd.apache.parquet'

/** Media types of bodies: Parquet where the platform reads it. */
export function scoringTypes(forms: FormChoice): ScoringType[] {
  const types: ScoringType[] = ['text/csv', 'application/json', 'application/vnd.apache.parquet']
  return types.filter((type) => forms.mediaTypes.includes(type))
}

/** The media type of a scoring request. Only `charset=utf-8` may stand beside it. Throws `media-type-unsupported` in MLflow's words. */
export function scoringType(header: string | undefined, types: readonly string[]): ScoringType {
  const [media = '', ...parameters] = (header ?? '').split(';')
  const given = parameters.map((part) => part.split('=').map((side) => side.trim().toLowerCase()))
  const charset = given.find(([name]) => name === 'charset')?.[1] ?? 'utf-8'
  if (charset !== 'utf-8') throw refused('The scoring server only supports UTF-8')
  const others = given.flatMap(([name]) => (name === undefined || name === '' || name === 'charset' ? [] : [name]))
  if (others.length > 0) {
    throw refused(
      `Unrecognized content type parameters: ${others.join(', ').slice(0, 200)}. IMPORTANT: The MLflow Model scoring protocol has changed in MLflow version 2.0.`,
    )
  }
  const type = media.trim().toLowerCase()
  if (types.includes(type)) return type as ScoringType
  const listed = types.map((one) => `'${one}'`).join(', ')
  throw refused(`This predictor only supports the following content types: Types: [${listed}]. Got '${(header ?? '').slice(0, 200)}'.`)
}

function refused(words: string): FairleadError {
  return new FairleadError('media-type-unsupported', words)
}
