import { z } from 'zod'
import { digest, name, time } from '../name-schemas.ts'
import { signature } from '../signature-schemas.ts'

/** One file of a model version, by its path inside the version's folder. */
export const modelFile = z.object({ path: z.string(), digest, size: z.number().int() })
export type ModelFile = z.infer<typeof modelFile>

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
  importedBy: z.string(),
  importedAt: time,
})
export type Lineage = z.infer<typeof lineage>

/** Rows with the answers that the training side recorded for them. */
export const goldenRows = z.object({
  rows: z.array(z.record(z.string(), z.unknown())).min(1).max(10_000),
  predictions: z.array(z.record(z.string(), z.unknown())).min(1),
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
  example: z.array(z.record(z.string(), z.unknown())).optional(),
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
  lineage: lineage.omit({ importedBy: true, importedAt: true }).partial().optional(),
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
