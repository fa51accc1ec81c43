import { z } from 'zod'
import { digest } from '../name-schemas.ts'
import { dataType } from '../signature-schemas.ts'
import { lookupStep } from './lookup-step.ts'

const columnName = z.string().min(1).max(200)
const expression = z.string().min(1).max(10_000)
const scalar = z.union([z.string().max(1000), z.number(), z.boolean()])

/** Columns of one step: each takes memory for every row of a request. */
const MOST_COLUMNS = 1000

/** What is said of some columns, each by its name. */
function byColumn<T extends z.ZodType>(options: T) {
  return z
    .record(columnName, options)
    .refine((columns) => Object.keys(columns).length > 0, 'at least one column is needed')
    .refine((columns) => Object.keys(columns).length <= MOST_COLUMNS, `a step takes at most ${MOST_COLUMNS} columns`)
}

/** The column that takes the result; the column itself when not given. */
const into = columnName.optional()
/** Digest of the data that the parameters were fitted on. */
const fitted = digest.optional()

/** Step `inputs`, only as the first: columns that callers send, where the model's signature does not say it. */
export const inputsStep = z.strictObject({
  inputs: z
    .array(
      z.strictObject({
        name: columnName,
        type: dataType,
        optional: z.boolean().optional(),
        min: z.number().optional(),
        max: z.number().optional(),
        values: z.array(scalar).min(1).max(10_000).optional(),
        unit: z.string().max(100).optional(),
        description: z.string().max(1000).optional(),
      }),
    )
    .min(1)
    .max(10_000),
})

/** Step `rename`: old names to new ones. */
export const renameStep = z.strictObject({ rename: byColumn(columnName) })

/** Step `select`: the columns that go on (behind the model: the answer, in this order), or those that do not. */
export const selectStep = z.strictObject({
  select: z.union([z.array(columnName).min(1).max(10_000), z.strictObject({ drop: z.array(columnName).min(1).max(10_000) })]),
})

export const CAST_TYPES = ['number', 'integer', 'text', 'boolean', 'time'] as const
/** Step `cast`: columns to types; what cannot be read as the type becomes null. */
export const castStep = z.strictObject({ cast: byColumn(z.enum(CAST_TYPES)) })

/** Step `default`: what stands for null and NaN. */
export const defaultStep = z.strictObject({ default: byColumn(scalar) })

/** Step `impute`: what stands for null and NaN, learnt from data. */
export const imputeStep = z.strictObject({
  impute: byColumn(
    z.strictObject({
      with: z.enum(['constant', 'mean', 'median', 'most-frequent']),
      value: scalar.optional(),
      /** A column that is true where the value was missing. */
      missing: columnName.optional(),
      fitted,
    }),
  ),
})

/** Step `derive`: new columns, each an expression over those there are. */
export const deriveStep = z.strictObject({ derive: byColumn(expression) })

const categories = z.array(scalar).min(1).max(10_000).optional()
/** Step `encode`: categories to numbers. */
export const encodeStep = z.strictObject({
  encode: byColumn(
    z.discriminatedUnion('as', [
      z.strictObject({
        as: z.literal('one-hot'),
        categories,
        /** A category that is not listed: all zeros, a column `<prefix>_other`, or a refused row. */
        unknown: z.enum(['zero', 'other', 'refuse']).default('zero'),
        /** What the names of the columns begin with; the column's own name when not given. */
        prefix: columnName.optional(),
        fitted,
      }),
      z.strictObject({
        as: z.literal('ordinal'),
        categories,
        /** A category that is not listed: null, or a refused row, or this number. */
        unknown: z.union([z.enum(['null', 'refuse']), z.number().int()]).default('null'),
        into,
        fitted,
      }),
      z.strictObject({
        as: z.literal('hash'),
        buckets: z
          .number()
          .int()
          .min(1)
          .max(2 ** 31),
        into,
      }),
      z.strictObject({
        as: z.literal('target'),
        means: z.record(z.string(), z.number()).optional(),
        /** What a category that is not listed gets: the mean of all rows. */
        otherwise: z.number().optional(),
        /** Rows that pull a category's mean to that of all rows. */
        smoothing: z.number().min(0).default(10),
        into,
        fitted,
      }),
    ]),
  ),
})

/** Step `scale`: numbers to a common range; a spread of 0 counts as 1. */
export const scaleStep = z.strictObject({
  scale: byColumn(
    z.discriminatedUnion('as', [
      z.strictObject({ as: z.literal('standard'), mean: z.number().optional(), deviation: z.number().min(0).optional(), into, fitted }),
      z.strictObject({ as: z.literal('min-max'), min: z.number().optional(), max: z.number().optional(), into, fitted }),
      z.strictObject({ as: z.literal('robust'), median: z.number().optional(), range: z.number().min(0).optional(), into, fitted }),
      z.strictObject({ as: z.literal('max-abs'), max: z.number().min(0).optional(), into, fitted }),
    ]),
  ),
})

/** Step `clip`: numbers into bounds. */
export const clipStep = z.strictObject({ clip: byColumn(z.strictObject({ min: z.number().optional(), max: z.number().optional(), into })) })

/** Step `bin`: numbers to the interval that they fall in: its number from 0, or its label. Intervals hold their lower edge. */
export const binStep = z.strictObject({
  bin: byColumn(
    z.strictObject({
      as: z.enum(['edges', 'quantiles']).default('edges'),
      /** How many intervals `quantiles` makes. */
      bins: z.number().int().min(2).max(1000).optional(),
      edges: z.array(z.number()).min(1).max(10_000).optional(),
      labels: z.array(z.string().max(1000)).min(2).max(10_001).optional(),
      into,
      fitted,
    }),
  ),
})

export const modelStep = z.strictObject({ model: z.strictObject({}) })

const calibration = {
  /** The class whose probability is set right; of two classes the last one when not given. */
  of: z.string().max(1000).optional(),
  fitted,
}
/** Step `calibrate`: probabilities, or a number of the answer, to those that come true. */
export const calibrateStep = z.strictObject({
  calibrate: z.discriminatedUnion('as', [
    z.strictObject({ as: z.literal('platt'), a: z.number().optional(), b: z.number().optional(), ...calibration }),
    z.strictObject({
      as: z.literal('isotonic'),
      x: z.array(z.number()).min(1).max(10_000).optional(),
      y: z.array(z.number().min(0).max(1)).min(1).max(10_000).optional(),
      ...calibration,
    }),
    z.strictObject({ as: z.literal('beta'), a: z.number().optional(), b: z.number().optional(), c: z.number().optional(), ...calibration }),
  ]),
})

const decideRule = z.strictObject({ label: z.string(), when: z.string().max(10_000), reason: z.string().max(1000).optional() })
/** Step `decide`: adds a field to each answer. The first rule whose `when` holds wins, else `otherwise`. */
export const decideStep = z.strictObject({
  decide: z.strictObject({
    /** Name of the added field. */
    field: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
      .default('decision'),
    /** Short form: one rule. */
    label: z.string().optional(),
    when: z.string().max(10_000).optional(),
    rules: z.array(decideRule).max(100).optional(),
    /** A number, and the labels of what lies at or above each limit, highest first; they come before `rules`. */
    thresholds: z
      .strictObject({
        of: expression,
        above: z
          .array(z.strictObject({ limit: z.number(), label: z.string(), reason: z.string().max(1000).optional() }))
          .min(1)
          .max(100),
      })
      .optional(),
    /** A person decides where the highest probability is below: comes before everything else. */
    review: z.strictObject({ below: z.number().min(0).max(1), label: z.string().default('review') }).optional(),
    otherwise: z.string().nullable().default(null),
    /** A field for the reason of the rule that won. */
    reason: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
      .optional(),
  }),
})

/** Every step by its name. */
export const STEP_SCHEMAS = {
  inputs: inputsStep,
  rename: renameStep,
  select: selectStep,
  cast: castStep,
  default: defaultStep,
  impute: imputeStep,
  derive: deriveStep,
  encode: encodeStep,
  scale: scaleStep,
  clip: clipStep,
  bin: binStep,
  lookup: lookupStep,
  model: modelStep,
  calibrate: calibrateStep,
  decide: decideStep,
} as const

/** The steps from request to answer: those before the model turn callers' columns into its own, those behind it turn its answers into callers'. */
export const pipeline = z
  .array(
    z.union([
      inputsStep,
      renameStep,
      selectStep,
      castStep,
      defaultStep,
      imputeStep,
      deriveStep,
      encodeStep,
      scaleStep,
      clipStep,
      binStep,
      lookupStep,
      modelStep,
      calibrateStep,
      decideStep,
    ]),
  )
  .min(1)
  .max(100)
export type Pipeline = z.infer<typeof pipeline>
export type PipelineInput = z.input<typeof pipeline>
export type PipelineStep = Pipeline[number]
export type StepName = keyof typeof STEP_SCHEMAS
/** What a step says under its name. */
export type StepOptions<N extends StepName> = Extract<PipelineStep, Record<N, unknown>>[N]
