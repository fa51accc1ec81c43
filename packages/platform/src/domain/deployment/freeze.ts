import { isDeepStrictEqual } from 'node:util'
import { FairleadError, type InputColumn, type ProblemItem, type Row, type Signature } from '@fairlead/contract'
import {
  type DeployRequest,
  type GoldenRows,
  type ModelVersion,
  type Pipeline,
  parsePipeline,
  type ReleaseSettings,
  type RuntimeName,
  releaseSettings,
  STEP_SCHEMAS,
} from '@fairlead/contract/control'
import { canonicalJson } from '../../kernel/canonical-json.ts'
import { sha256 } from '../../kernel/digest.ts'
import { didYouMean } from '../../kernel/suggestion.ts'
import type { ServableRelease } from '../inference/index.ts'
import { compilePipeline, isModelAlone } from '../pipeline/index.ts'
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
  const parsed = parsePipeline(given)
  if ('pipeline' in parsed) return parsed.pipeline
  const items = parsed.issues.map(({ path, detail, unknownStep }): ProblemItem => {
    const hint = unknownStep === undefined ? '' : didYouMean(unknownStep, Object.keys(STEP_SCHEMAS))
    return { path, code: 'pipeline-invalid', detail: `${detail}${hint === '' ? '' : `.${hint}`}` }
  })
  throw new FairleadError('pipeline-invalid', items.map((item) => `${item.path}: ${item.detail}`).join('; '), { items })
}

/** What a release is made of beside its model. */
export interface Settled {
  pipeline: Pipeline
  /** What callers send and get. */
  signature: Signature
  settings: ReleaseSettings
  runtime: ChosenRuntime
}

/** Model, pipeline and settings of the next release, checked against each other. */
export function settle(version: ModelVersion, request: DeployRequest, inherited: Inherited): Settled {
  const base = request.inherit === false ? undefined : inherited
  const pipeline = request.pipeline === undefined ? (base?.pipeline ?? [{ model: {} }]) : readPipeline(request.pipeline)
  const settings = settleSettings(request.settings ?? {}, base?.settings)
  const { signature } = compilePipeline(pipeline, version.signature)
  const logged = loggedNames(signature)
  const items = settings.logRedact
    .filter((name) => !logged.includes(name))
    .map(
      (name): ProblemItem => ({
        path: 'settings.logRedact',
        code: 'setting-invalid',
        detail: `There is no column and no output "${name}".${didYouMean(name, logged)}`,
      }),
    )
  if (settings.rateBurst !== null && settings.rateLimit === null)
    items.push({ path: 'settings.rateBurst', code: 'setting-invalid', detail: 'The setting "rateBurst" needs "rateLimit" beside it.' })
  if (items.length > 0) throw new FairleadError('setting-invalid', items.map((item) => item.detail).join(' '), { items })
  return { pipeline, signature, settings, runtime: chooseRuntime(version, settings.runtime) }
}

/** What a log of answers can leave out: inputs, outputs, and single probabilities (`probabilities_good`). */
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
  parts: Settled & { entry: string; golden: GoldenRows | undefined },
): Omit<ServableRelease, 'number'> {
  const { pipeline, signature, settings, runtime, entry, golden } = parts
  const { reading } = version.facts
  // rows that came with the model show best what it takes
  const example = version.example?.length ? version.example : (golden?.rows.slice(0, EXAMPLE_ROWS) ?? [])
  const unusual = runtime.name === plainRuntime(version) ? undefined : runtime.name
  return {
    deployment,
    digest: releaseDigest(version.digest, { pipeline, settings, runtime: unusual }),
    model: { name: version.model, version: version.version, digest: version.digest, format: version.format, ...(reading ? { reading } : {}) },
    runtime,
    files: version.files,
    entry,
    signature,
    ...(isModelAlone(pipeline) ? {} : { own: { signature: version.signature, example } }),
    pipeline,
    settings,
    example: isModelAlone(pipeline) ? example : examplesOf(example, signature, version.signature),
  }
}

/** Rows of callers made of the model's: where each column that they must send is one of the model's as it is. Else there are none. */
function examplesOf(rows: readonly Row[], callers: Signature, model: Signature): Row[] {
  const essence = ({ type, shape, min, max, values }: InputColumn) => ({ type, shape, min, max, values })
  const asItIs = (column: InputColumn) => {
    const own = model.columns.find(({ name }) => name === column.name)
    return column.optional === true || (own !== undefined && isDeepStrictEqual(essence(column), essence(own)))
  }
  if (!callers.columns.every(asItIs)) return []
  const names = new Set(callers.columns.map(({ name }) => name))
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => names.has(name))))
}
