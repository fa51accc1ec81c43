import { z } from 'zod'
import { name } from '../name-schemas.ts'

const columnName = z.string().min(1).max(200)
const duration = z.string().regex(/^(\d+(\.\d+)?(ms|s|m|h|d|w))+$/, 'a duration such as 50ms, 30s or 1h is needed')
const fallback = z.enum(['fail', 'otherwise'])

/** Types of columns that a feature may have. */
export const FEATURE_TYPES = ['number', 'integer', 'text', 'boolean', 'time'] as const

/** Step `lookup`: columns that a feature service knows by keys. */
export const lookupStep = z.strictObject({
  lookup: z.strictObject({
    /** Its name under `features` in `fairlead.yaml`. */
    service: name,
    /** Names of the keys at the service, and the columns that hold them. */
    keys: z.record(columnName, columnName).refine((keys) => Object.keys(keys).length > 0, 'at least one key is needed'),
    /** Columns that it makes. */
    features: z
      .record(
        columnName,
        z.strictObject({
          /** Its name at the service; the column's when not given. */
          from: z.string().min(1).max(400).optional(),
          type: z.enum(FEATURE_TYPES).default('number'),
          /** What stands for a value that is not there; null when not given. */
          otherwise: z
            .union([z.string().max(1000), z.number(), z.boolean()])
            .nullable()
            .default(null),
          /** Older values have expired. */
          maxAge: duration.optional(),
        }),
      )
      .refine((features) => Object.keys(features).length > 0, 'at least one feature is needed'),
    /** How long the service has to answer. */
    timeout: duration.default('200ms'),
    /** How long an answer is taken again without asking. */
    cache: duration.default('0s'),
    /** How much longer it is taken while the service is down. */
    stale: duration.default('0s'),
    /** Keys of which answers are kept. */
    cacheKeys: z.number().int().min(1).max(10_000_000).default(10_000),
    onDown: fallback.default('fail'),
    onMissing: fallback.default('otherwise'),
    onExpired: z.enum(['fail', 'otherwise', 'serve']).default('otherwise'),
  }),
})
