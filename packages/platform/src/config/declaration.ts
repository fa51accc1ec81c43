import { pipeline, type ReleaseSettingsInput, readingOptions, releaseSettingsPatch } from '@fairlead/contract/control'
import { name } from '@fairlead/contract/schemas'
import { z } from 'zod'
import { declaredFeatures } from './feature-services.ts'
import { SETTINGS } from './settings.ts'

const path = z.string().min(1)
const patch = releaseSettingsPatch.shape

const declaredModel = z.strictObject({
  source: path.describe('File or folder of the model, from the folder of this file'),
  signature: path.optional().describe('Signature file: names, units, ranges and class labels that the model file lacks'),
  reading: readingOptions.optional().describe('What the model file leaves open: whose answers are wanted, classes, missing value, rounds'),
  baseline: path.optional().describe('Reference data, as the model was trained on; kept by its digest in the lineage'),
  golden: path.optional().describe('JSON file of rows with the answers they must get; checked before a release serves'),
  alias: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,99}$/)
    .optional()
    .describe('Alias that points at this version'),
  description: z.string().max(100_000).optional(),
  tags: z.record(z.string().min(1).max(250), z.string().max(5000)).optional(),
  metrics: z.record(z.string(), z.number()).optional(),
})

const declaredLog = z.strictObject({
  enabled: patch.logEnabled.describe('Whether predictions are logged; true when not given'),
  durability: patch.logDurability.describe('sync makes an answer wait until it is on disk'),
  redact: patch.logRedact.describe('Columns whose values are left out of the log'),
})

const declaredSettings = releaseSettingsPatch.omit({ logEnabled: true, logDurability: true, logRedact: true })

const declaredDeployment = z.strictObject({
  release: z.strictObject({
    model: z.string().min(1).describe('Model reference: name, name:3, name@alias or a digest'),
    pipeline: pipeline.optional().describe('Steps from request to answer; the model alone when not given'),
  }),
  log: declaredLog.optional(),
  settings: declaredSettings.optional(),
})

/** What `fairlead.yaml` may say. Every part is optional; unknown keys are errors. */
export const declaration = z
  .strictObject({
    project: z.string().min(1).max(200).optional().describe('Name of the project, for people'),
    platform: z
      .strictObject(Object.fromEntries(SETTINGS.map((spec) => [spec.name, z.unknown().describe(spec.description)])))
      .partial()
      .optional(),
    features: declaredFeatures.optional().describe('Services that `lookup` steps ask for features'),
    models: z.record(name, declaredModel).optional(),
    deployments: z.record(name, declaredDeployment).optional(),
  })
  .describe('Declaration of a Fairlead project (fairlead.yaml)')
export type Declaration = z.infer<typeof declaration>
export type DeclaredModel = z.infer<typeof declaredModel>
export type DeclaredDeployment = z.infer<typeof declaredDeployment>

/** Settings of a release as the control API takes them, from those of a declared deployment. */
export function releaseSettingsOf(deployment: DeclaredDeployment): Partial<ReleaseSettingsInput> {
  const { log = {}, settings = {} } = deployment
  const all = { ...settings, logEnabled: log.enabled, logDurability: log.durability, logRedact: log.redact }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

/** Parts of a declaration that the design has and this version refuses. `*` stands for any key or position. */
export const LATER_KEYS: readonly string[] = [
  'environments',
  'deployments.*.environment',
  'deployments.*.rollout',
  'deployments.*.objectives',
  'deployments.*.log.retain',
  ...['script', 'explain', 'ensemble', 'switch'].map((step) => `deployments.*.release.pipeline.*.${step}`),
]
