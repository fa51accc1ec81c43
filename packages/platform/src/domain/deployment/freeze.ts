import { FairleadError, type ProblemItem, type Signature } from '@fairlead/contract'
import {
  type DeployRequest,
  type GoldenRows,
  type ModelVersion,
  type Pipeline,
  pipeline as pipelineSchema,
  type ReleaseSettings,
  type RuntimeName,
  releaseSettings,
} from '@fairlead/contract/control'
import { canonicalJson } from '../../kernel/canonical-json.ts'
import { sha256 } from '../../kernel/digest.ts'
import { didYouMean } from '../../kernel/suggestion.ts'
import type { ServableRelease } from '../inference/index.ts'
import { compilePipeline } from '../pipeline/index.ts'
import { type ChosenRuntime, chooseRuntime, plainRuntime } from './runtime.ts'

/** What a release keeps of the one before it unless told otherwise. */
export type Inherited = Pick<ServableRelease, 'pipeline' | 'settings'> | undefined

const KNOWN_SETTINGS = Object.keys(releaseSettings.shape)

/**
 * The settings of a release: those given, over those inherited, over the defaults.
 * Throws `setting-unknown` with the nearest known name, and `setting-invalid`, each naming every offending setting.
 */
export function settleSettings(given: Record<string, unknown>, inherited: ReleaseSettings | undefined): ReleaseSettings {
  const unknown = Object.keys(given).filter((key) => !KNOWN_SETTINGS.includes(key))
  if (unknown.length > 0) {
    const items: ProblemItem[] = unknown.map((key) => ({
      path: `settings.${key}`,
      code: 'setting-unknown',
      detail: `There is no setting "${key}".${didYouMean(key, KNOWN_SETTINGS)}`,
    }))
    throw new FairleadError('setting-unknown', items.map((item) => item.detail).join(' '), { items })
  }
  const parsed = releaseSettings.safeParse({ ...inherited, ...given })
  if (parsed.success) return parsed.data
  const items: ProblemItem[] = parsed.error.issues.map((issue) => ({
    path: ['settings', ...issue.path].join('.'),
    code: 'setting-invalid',
    detail: issue.message,
  }))
  throw new FairleadError('setting-invalid', items.map((item) => `${item.path}: ${item.detail}`).join('; '), { items })
}

/** Reads a pipeline's form. Throws `pipeline-invalid` naming each wrong place. */
export function readPipeline(given: unknown): Pipeline {
  const parsed = pipelineSchema.safeParse(given)
  if (parsed.success) return parsed.data
  const items: ProblemItem[] = parsed.error.issues.map((issue) => ({
    path: `pipeline${issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')}`,
    code: 'pipeline-invalid',
    detail: issue.message,
  }))
  throw new FairleadError('pipeline-invalid', items.map((item) => `${item.path}: ${item.detail}`).join('; '), { items })
}

/** Model, pipeline and settings of the next release, checked against each other. */
export function settle(
  version: ModelVersion,
  request: DeployRequest,
  inherited: Inherited,
): { pipeline: Pipeline; settings: ReleaseSettings; runtime: ChosenRuntime } {
  const base = request.inherit === false ? undefined : inherited
  const pipeline = request.pipeline === undefined ? (base?.pipeline ?? [{ model: {} }]) : readPipeline(request.pipeline)
  const settings = settleSettings(request.settings ?? {}, base?.settings)
  const { added } = compilePipeline(pipeline, version.signature)
  const logged = [...loggedNames(version.signature), ...added.map(({ name }) => name)]
  const items = settings.logRedact
    .filter((name) => !logged.includes(name))
    .map(
      (name): ProblemItem => ({
        path: 'settings.logRedact',
        code: 'setting-invalid',
        detail: `The model has no column and no output "${name}".${didYouMean(name, logged)}`,
      }),
    )
  if (settings.rateBurst !== null && settings.rateLimit === null)
    items.push({ path: 'settings.rateBurst', code: 'setting-invalid', detail: 'The setting "rateBurst" needs "rateLimit" beside it.' })
  if (items.length > 0) throw new FairleadError('setting-invalid', items.map((item) => item.detail).join(' '), { items })
  return { pipeline, settings, runtime: chooseRuntime(version, settings.runtime) }
}

/** What a log of the model's answers can leave out: inputs, outputs, and single probabilities (`probabilities_good`). */
function loggedNames({ columns, fields, outputs }: Signature): string[] {
  const names = [...columns, ...fields].map(({ name }) => name)
  for (const { name, kind, tensor, classes } of fields) {
    if (kind !== 'probabilities') continue
    const count = outputs.find((one) => one.name === tensor)?.shape.at(-1) ?? 0
    const labels = classes ?? Array.from({ length: Math.max(0, count) }, (_, index) => String(index))
    names.push(...labels.map((label) => `${name}_${label}`))
  }
  return names
}

/** Digest of a release: of the model's digest, the pipeline, the settings and the way to run the model where that is another than its plain one, as canonical JSON. */
export function releaseDigest(
  model: string,
  { pipeline, settings, runtime }: { pipeline: Pipeline; settings: ReleaseSettings; runtime?: RuntimeName | undefined },
): string {
  return sha256(canonicalJson({ model, pipeline, settings, runtime }))
}

const EXAMPLE_ROWS = 3

/** Everything a serve process needs, except the release's number. */
export function freeze(
  deployment: string,
  version: ModelVersion,
  parts: { pipeline: Pipeline; settings: ReleaseSettings; runtime: ChosenRuntime; entry: string; golden: GoldenRows | undefined },
): Omit<ServableRelease, 'number'> {
  const { pipeline, settings, runtime, entry, golden } = parts
  const { reading } = version.facts
  const unusual = runtime.name === plainRuntime(version) ? undefined : runtime.name
  return {
    deployment,
    digest: releaseDigest(version.digest, { pipeline, settings, runtime: unusual }),
    model: { name: version.model, version: version.version, digest: version.digest, format: version.format, ...(reading ? { reading } : {}) },
    runtime,
    files: version.files,
    entry,
    signature: version.signature,
    pipeline,
    settings,
    // rows that came with the model show best what it takes
    example: version.example?.length ? version.example : (golden?.rows.slice(0, EXAMPLE_ROWS) ?? []),
  }
}
