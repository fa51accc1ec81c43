import { z } from 'zod'

/** Longest text that is kept of a value, and most entries of a map; what the fetching client leaves out it lists under `cut`. */
export const MLFLOW_LINEAGE_LIMITS = { text: 2000, key: 250, entries: 500 } as const

const { text: TEXT, key: KEY, entries: ENTRIES } = MLFLOW_LINEAGE_LIMITS
const text = z.string().max(TEXT)

/** A map of bounded size. */
function entries<T extends z.ZodType>(value: T) {
  return z.record(z.string().max(KEY), value).refine((map) => Object.keys(map).length <= ENTRIES, `has more than ${ENTRIES} entries`)
}

/** Numbers that JSON does not have. Each by itself, because the declaration that is built of an enumeration loses the negative one. */
const notFinite = [z.literal('NaN'), z.literal('Infinity'), z.literal('-Infinity')] as const

/** The last value of a metric, and the step at which it was logged. */
const metric = z.object({ value: z.union([z.number(), ...notFinite]), step: z.number().int().optional() })

/** A data set that a run says it used. */
const dataset = z.object({ name: text, digest: text.optional(), context: text.optional(), source: text.optional() })

/** The run that logged a model. */
const run = z.object({
  id: text,
  name: text.optional(),
  experimentId: text.optional(),
  experiment: text.optional(),
  user: text.optional(),
  status: text.optional(),
  startedAt: z.string().max(30).optional(),
  endedAt: z.string().max(30).optional(),
  /** The program that ran: a script, notebook or project. */
  source: text.optional(),
  /** Commit of its repository. */
  commit: text.optional(),
  branch: text.optional(),
  repository: text.optional(),
  metrics: entries(metric),
  params: entries(text),
  tags: entries(text),
  datasets: z.array(dataset).max(100),
})

/** Where a model of an MLflow tracking server came from, as it stood when the model was fetched. */
export const mlflowLineage = z.object({
  /** Address of the server, without credentials. */
  trackingUri: text,
  /** What was asked for: `models:/credit@champion`. */
  uri: text,
  /** The registered version that it meant then. */
  registered: z
    .object({ name: text, version: text, stage: text.optional(), description: text.optional(), aliases: z.array(text).max(100), tags: entries(text) })
    .optional(),
  /** The logged model of MLflow 3. */
  logged: z.object({ id: text, name: text.optional(), metrics: entries(metric), params: entries(text), tags: entries(text) }).optional(),
  run: run.optional(),
  /** What was left out because there was too much of it, in words. */
  cut: z.array(text).max(100).optional(),
})
export type MlflowLineage = z.infer<typeof mlflowLineage>
