import { z } from 'zod'
import { digest, name, time } from '../name-schemas.ts'
import { row } from '../row-schema.ts'
import { signature } from '../signature-schemas.ts'
import { mlflowLineage } from './mlflow-lineage.ts'

/** One file of a model version, by its path inside the version's folder. */
export const modelFile = z.object({ path: z.string(), digest, size: z.number().int() })
export type ModelFile = z.infer<typeof modelFile>

/** The ways in which models run: by ONNX Runtime, compiled to the form of `@fairlead/evaluator`, or by Python in workers of their own. */
export const RUNTIMES = ['onnx', 'compiled', 'python'] as const
export type RuntimeName = (typeof RUNTIMES)[number]

/** How long a run of so many rows takes. */
const runCost = z.object({ rows: z.number().int(), micros: z.number() })

/** What a model does for one row, counted: what its cost is estimated from. */
export const modelWork = z.object({
  /** Steps or operators that a run goes through. */
  steps: z.number().int(),
  /** Numbers and texts that go in, and that steps write. */
  cells: z.number().int(),
  /** Splits of trees that a row meets, where it goes either way of a split as likely as the other. */
  visits: z.number(),
  /** Numbers that it is multiplied with. */
  weights: z.number().int(),
})
export type ModelWork = z.infer<typeof modelWork>

/** What trying a version in every way that takes it showed. */
export const runtimeChoice = z.object({
  /** The way that releases take unless their setting `runtime` names one. */
  chosen: z.enum(RUNTIMES),
  /** Why, in words, with the figures that decided. */
  reason: z.string(),
  ways: z.array(
    z.object({
      runtime: z.enum(RUNTIMES),
      /** Why it cannot be run this way; absent where it can. */
      problem: z.string().optional(),
      /** Median duration of one run by rows per run, in microseconds. */
      measured: z.array(runCost),
      /** What runs should take by what the model is made of, whether they were measured or not. */
      estimated: z.array(runCost).optional(),
    }),
  ),
  /** How long a known model takes on the machine that tried this one, in times of what it takes on the machine that estimates were made for. */
  machine: z.number().optional(),
  /** How far the answers of the ways are apart; absent where there is one way. */
  agreement: z
    .object({
      agree: z.boolean(),
      rows: z.number().int(),
      /** Largest difference of two numbers, relative to the larger of them and one. */
      largestDifference: z.number(),
      /** Where they first differ by more than is allowed, and what each answers there. */
      detail: z.string().optional(),
    })
    .optional(),
})
export type RuntimeChoice = z.infer<typeof runtimeChoice>

/** What is looked at when a version is imported. */
export const MODEL_CHECKS = ['contents', 'trial', 'determinism', 'example', 'serving', 'golden', 'signature'] as const

/** What one look at a version found when it was imported; what is not `ok` is for people to know, and does not refuse the import. */
export const modelCheck = z.object({ name: z.enum(MODEL_CHECKS), ok: z.boolean(), detail: z.string() })
export type ModelCheck = z.infer<typeof modelCheck>

/** What a model file leaves open, and the one who hands it over states. It becomes a part of the version, and of its digest. */
export const readingOptions = z.strictObject({
  /** Whose answers are wanted: those of the library's booster, or of its scikit-learn classifier (label and probabilities) or regressor. */
  as: z.enum(['booster', 'classifier', 'regressor']).optional(),
  /** The columns that a file's lists of categories belong to, in order, where the file does not tell. */
  categorical: z.array(z.string().max(1000)).max(100_000).optional(),
  /** Labels in the order of the model's classes; the file knows only their numbers. */
  classes: z
    .array(z.union([z.string().max(1000), z.number()]))
    .min(2)
    .max(100_000)
    .optional(),
  /** The rounds whose trees count: up to the best of early stopping, all, or the first so many. */
  iterations: z.union([z.enum(['best', 'all']), z.number().int().positive()]).optional(),
  /** A number that stands for a missing value in rows, as NaN does. */
  missing: z.number().optional(),
  /** What becomes of a category that the model does not know. */
  unseen: z.enum(['refuse', 'missing']).optional(),
})
export type ReadingOptions = z.infer<typeof readingOptions>

/** What reading the model file told, without running it. */
export const modelFacts = z.object({
  format: z.string(),
  /** Operator-set versions by domain; the standard domain is `ai.onnx`. */
  opsets: z.record(z.string(), z.number()),
  irVersion: z.number().optional(),
  producer: z.string().optional(),
  description: z.string().optional(),
  metadata: z.record(z.string(), z.string()),
  /** How often each operator occurs, by `domain::Name` (`Name` alone in the standard domain). */
  operators: z.record(z.string(), z.number()),
  /** Operators that the runtime lacks; empty for every version that was accepted. */
  unsupportedOperators: z.array(z.string()),
  parameters: z.number(),
  sizeBytes: z.number(),
  /** What import changed so that the file can be served, in words. */
  rewrites: z.array(z.string()),
  /** How the file was read where it leaves that open: as it was stated, or as its folder says. */
  reading: readingOptions.optional(),
  /** What a tree ensemble is made of. */
  trees: z
    .object({
      trees: z.number().int(),
      nodes: z.number().int(),
      leaves: z.number().int(),
      /** Splits on the longest way from a root to a leaf. */
      depth: z.number().int(),
      outputs: z.number().int(),
    })
    .optional(),
  /** What a row costs, counted, where the model was read into the compiled form. */
  work: modelWork.optional(),
  /** Values that the model knows apart, by column: of categories, and of what it encodes; the first 500 of each. */
  known: z.array(z.object({ column: z.string(), values: z.array(z.union([z.string(), z.number()])), more: z.number().int() })).optional(),
  /** Columns by what they contribute: the sum of the gains of their splits where the file has them, else the number of splits. */
  importance: z.object({ by: z.enum(['gain', 'splits']), columns: z.array(z.object({ name: z.string(), value: z.number() })) }).optional(),
  /** What a model that Python runs is loaded by, and in what environment. */
  python: z
    .object({
      loader: z.string(),
      /** The version of Python that wrote it. */
      version: z.string().optional(),
      requirements: z.array(z.string()),
      /** Digest of the environment, which others may share. */
      environment: z.string(),
      /** What rows are to it: a frame of columns, by name or position, tensors, or bodies of scoring requests. */
      rows: z.enum(['columns', 'positions', 'tensor', 'tensors', 'body']),
      /** What of its files is code that loading it runs, in words. */
      runs: z.array(z.string()),
      /** What kept its worker apart when it was tried. */
      isolation: z.string().optional(),
    })
    .optional(),
  /** The ways to run it that were tried when it was imported. */
  runtimes: runtimeChoice.optional(),
  /** What was looked at when it was imported, and what that found. */
  checks: z.array(modelCheck).optional(),
})
export type ModelFacts = z.infer<typeof modelFacts>

/** Where a version came from. */
export const lineage = z.object({
  source: z.string().optional(),
  trainingRun: z.string().optional(),
  codeCommit: z.string().optional(),
  dataDigests: z.record(z.string(), z.string()).optional(),
  /** Facts of the tool that wrote the model: MLflow version, run id, environment files. */
  tool: z.record(z.string(), z.string()).optional(),
  /** What the MLflow tracking server told that it was fetched from. */
  mlflow: mlflowLineage.optional(),
  importedBy: z.string(),
  importedAt: time,
  /** Who allowed the code to run that loading the model runs, when, and by what: the request, or the setting of the platform. */
  codeAllowed: z.object({ by: z.string(), at: time, how: z.enum(['request', 'setting']) }).optional(),
})
export type Lineage = z.infer<typeof lineage>

/** Rows with the answers that the training side recorded for them. */
export const goldenRows = z.object({
  rows: z.array(row).min(1).max(10_000),
  predictions: z.array(row).min(1),
  /** Largest absolute difference of a number that still counts as equal. */
  tolerance: z.number().nonnegative().default(1e-5),
})
export type GoldenRows = z.infer<typeof goldenRows>

/** A block of the drawn graph: a node with its operator, inputs and outputs. */
export const graphNode = z.object({ id: z.string(), op: z.string(), name: z.string().optional(), count: z.number().optional() })
/** The model's graph for drawing, long runs collapsed; edges go from node id to node id. */
export const modelGraph = z.object({
  nodes: z.array(graphNode.extend({ kind: z.enum(['input', 'output', 'operator']) })),
  edges: z.array(z.object({ from: z.string(), to: z.string(), label: z.string().optional() })),
  /** Whether nodes were left out because the graph is large. */
  truncated: z.boolean(),
})
export type ModelGraph = z.infer<typeof modelGraph>

export const modelVersion = z.object({
  model: name,
  version: z.number().int(),
  digest,
  format: z.string(),
  description: z.string(),
  tags: z.record(z.string(), z.string()),
  metrics: z.record(z.string(), z.number()),
  aliases: z.array(z.string()),
  files: z.array(modelFile),
  sizeBytes: z.number(),
  signature,
  facts: modelFacts,
  lineage,
  /** Rows that came with the model, in the form the row interface takes. */
  example: z.array(row).optional(),
  goldenRowCount: z.number().int(),
  createdAt: time,
  /** Deployments whose current release uses this version. */
  deployments: z.array(z.object({ name: z.string(), release: z.number() })),
})
export type ModelVersion = z.infer<typeof modelVersion>

/** A version without its large parts, for lists. */
export const modelVersionSummary = modelVersion.omit({ files: true, signature: true, facts: true, lineage: true, example: true }).extend({
  importedBy: z.string(),
  /** Where the files came from, as the import said. */
  source: z.string().optional(),
})
export type ModelVersionSummary = z.infer<typeof modelVersionSummary>

export const model = z.object({
  name,
  description: z.string(),
  tags: z.record(z.string(), z.string()),
  versions: z.number().int(),
  newest: z.number().int().nullable(),
  aliases: z.record(z.string(), z.number()),
  deployments: z.array(z.string()),
  createdAt: time,
  updatedAt: time,
})
export type Model = z.infer<typeof model>

export const importRequest = z.strictObject({
  upload: z.string(),
  /** Refuse with `name-taken` when there is a model of this name. */
  newModel: z.boolean().optional(),
  /** Contents of a signature file (YAML or JSON text). */
  signature: z.string().max(1_000_000).optional(),
  /** What the model file leaves open. */
  reading: readingOptions.optional(),
  alias: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,99}$/)
    .optional(),
  tags: z.record(z.string().min(1).max(250), z.string().max(5000)).optional(),
  metrics: z.record(z.string(), z.number()).optional(),
  description: z.string().max(100_000).optional(),
  golden: goldenRows.optional(),
  /** `baseline`: the digest of the uploaded reference data, under its path in the upload. */
  baseline: z.string().optional(),
  /** Lets the code run that loading the model runs; who asks is written down with the version. */
  allowCode: z.boolean().optional(),
  lineage: lineage.omit({ importedBy: true, importedAt: true, codeAllowed: true }).partial().optional(),
})
export type ImportRequest = z.infer<typeof importRequest>

export const importResult = z.object({ created: z.boolean(), version: modelVersion })
export type ImportResult = z.infer<typeof importResult>

export const versionPatch = z.strictObject({
  description: z.string().max(100_000).optional(),
  /** Tags to set; `null` removes one. */
  tags: z.record(z.string().min(1).max(250), z.string().max(5000).nullable()).optional(),
  metrics: z.record(z.string(), z.number().nullable()).optional(),
})
export type VersionPatch = z.infer<typeof versionPatch>

export const verification = z.object({
  model: z.string(),
  version: z.number(),
  digest,
  ok: z.boolean(),
  files: z.array(z.object({ path: z.string(), digest, ok: z.boolean(), problem: z.string().optional() })),
})
export type Verification = z.infer<typeof verification>
