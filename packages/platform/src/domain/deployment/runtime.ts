import { FairleadError } from '@fairlead/contract'
import type { ModelVersion, ReleaseSettings, RuntimeName } from '@fairlead/contract/control'

/** The way in which a release runs its model, and why. */
export interface ChosenRuntime {
  name: RuntimeName
  reason: string
  /** Set where ONNX Runtime runs a model whose compiled form was seen to answer alike. */
  formAgrees?: boolean
}

const WORDS: Record<RuntimeName, string> = { onnx: 'ONNX Runtime', compiled: 'its compiled form', python: 'Python' }

/** The way of a version that was never tried: of ONNX the reference runtime, of all else the only one. */
export function plainRuntime({ format }: Pick<ModelVersion, 'format'>): RuntimeName {
  return format === 'onnx' || format === 'python' ? format : 'compiled'
}

/**
 * The way to run a version under a setting: the one that is named, else the one that was chosen when the version was imported.
 * Throws `setting-invalid` for a way that does not take this model.
 */
export function chooseRuntime(version: Pick<ModelVersion, 'format' | 'facts'>, setting: ReleaseSettings['runtime']): ChosenRuntime {
  const chosen = settled(version, setting)
  return chosen.name !== 'compiled' && version.facts.runtimes?.agreement?.agree === true ? { ...chosen, formAgrees: true } : chosen
}

function settled(version: Pick<ModelVersion, 'format' | 'facts'>, setting: ReleaseSettings['runtime']): ChosenRuntime {
  const tried = version.facts.runtimes
  const plain = plainRuntime(version)
  if (setting === 'auto') return tried ? { name: tried.chosen, reason: tried.reason } : { name: plain, reason: `${format(version)} runs by ${WORDS[plain]}.` }
  const way = tried?.ways.find((one) => one.runtime === setting)
  const able = way ? way.problem === undefined : setting === plain
  if (able) return { name: setting, reason: `The setting "runtime" says ${setting}.${doubt(version, setting)}` }
  const detail = `${format(version)} cannot run by ${WORDS[setting]}${way?.problem === undefined ? '' : `: ${way.problem}`}.`
  throw new FairleadError('setting-invalid', detail, { items: [{ path: 'settings.runtime', code: 'setting-invalid', detail }] })
}

/** What is known against a way that was not chosen, or against the compiled form where it is not taken. */
function doubt({ facts }: Pick<ModelVersion, 'facts'>, setting: RuntimeName): string {
  const { agreement, chosen, ways = [] } = facts.runtimes ?? {}
  const problem = ways.find(({ runtime }) => runtime === 'compiled')?.problem
  if (problem !== undefined) return ` The compiled form does not take it (${problem}).`
  if (agreement?.agree !== false) return ''
  return ` When the model was imported ${setting === chosen ? 'the answers of its compiled form' : 'its answers'} differed: ${agreement.detail}.`
}

function format(version: Pick<ModelVersion, 'format'>): string {
  return `A model of the format ${version.format}`
}
