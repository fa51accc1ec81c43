import { isFloat, isInteger, type OutputField, type Signature, type TensorSpec } from '@fairlead/contract'
import type { OnnxModel } from '../onnx/model.ts'
import { type Origin, tracer } from '../onnx/origin.ts'

const PROBABILITY_NAME = /prob/i
const LABEL_NAME = /label|class/i
const SCORE_NAME = /score|distance|decision|margin|logit|raw/i
const PROBABILITY_TRANSFORMS = new Set(['SOFTMAX', 'LOGISTIC', 'SOFTMAX_ZERO'])

/**
 * The answer's fields and the task they tell.
 * A label per row (whole number or text) with floats `[N, C]`, C ≥ 2, is a classifier; a single float per row a regressor.
 */
export function deriveFields(model: OnnxModel, outputs: readonly TensorSpec[], classes: ReadonlyMap<string, string[]>): Pick<Signature, 'task' | 'fields'> {
  const originOf = tracer(model)
  const origins = new Map(outputs.map((spec) => [spec.name, originOf(spec.name)]))
  const label = findLabel(outputs, origins)
  const probabilities = outputs.find((spec) => isProbabilities(spec, { label, classes, origin: origins.get(spec.name), pair: outputs.length === 2 }))
  const labels =
    (probabilities && classes.get(probabilities.name)) ?? origins.get(probabilities?.name ?? '')?.classes ?? origins.get(label?.name ?? '')?.classes
  const classifier = label !== undefined && (probabilities !== undefined || LABEL_NAME.test(label.name) || origins.get(label.name)?.classifier === true)
  const taken = new Set<string>()
  const fields = outputs.map((spec): OutputField => {
    const field = spec === probabilities ? probabilitiesField(spec, labels) : classifier && spec === label ? labelField(spec) : plainField(spec, outputs)
    return { ...field, name: freeName(field.name, spec.name, taken) }
  })
  const [only] = outputs
  const regression = outputs.length === 1 && only !== undefined && isFloat(only.type) && isPlain(only)
  return { task: classifier || probabilities ? 'classification' : regression ? 'regression' : 'other', fields }
}

/** One value per row: `[N]` or `[N,1]`. */
function isPlain(spec: TensorSpec): boolean {
  return spec.shape.length <= 1 || (spec.shape.length === 2 && spec.shape[1] === 1)
}

function findLabel(outputs: readonly TensorSpec[], origins: ReadonlyMap<string, Origin>): TensorSpec | undefined {
  const candidates = outputs.filter((spec) => isPlain(spec) && (isInteger(spec.type) || spec.type === 'string'))
  const wide = outputs.some((spec) => isFloat(spec.type) && !isPlain(spec))
  if (candidates.length === 1 && wide && outputs.length === 2) return candidates[0]
  return candidates.find((spec) => origins.get(spec.name)?.classifier) ?? candidates.find((spec) => LABEL_NAME.test(spec.name))
}

interface Hints {
  label: TensorSpec | undefined
  classes: ReadonlyMap<string, string[]>
  origin: Origin | undefined
  pair: boolean
}

function isProbabilities(spec: TensorSpec, { label, classes, origin, pair }: Hints): boolean {
  if (!isFloat(spec.type) || spec.shape.length !== 2) return false
  if (classes.has(spec.name)) return true
  const count = spec.shape[1]!
  if (!label || count === 0 || count === 1) return false
  if (PROBABILITY_NAME.test(spec.name)) return true
  if (SCORE_NAME.test(spec.name)) return origin?.transform !== undefined && PROBABILITY_TRANSFORMS.has(origin.transform)
  return pair || origin?.classes !== undefined
}

function probabilitiesField(spec: TensorSpec, labels: string[] | undefined): OutputField {
  const count = spec.shape[1]!
  const fits = labels !== undefined && (count === -1 || labels.length === count) && new Set(labels).size === labels.length
  return { name: 'probabilities', kind: 'probabilities', type: spec.type, tensor: spec.name, ...(fits ? { classes: labels } : {}) }
}

function labelField(spec: TensorSpec): OutputField {
  return { name: 'label', kind: 'label', type: spec.type, tensor: spec.name }
}

function plainField(spec: TensorSpec, outputs: readonly TensorSpec[]): OutputField {
  const base = { type: spec.type, tensor: spec.name }
  if (isPlain(spec)) return { name: outputs.length === 1 && isFloat(spec.type) ? 'value' : spec.name, kind: 'value', ...base }
  return { name: spec.name, kind: 'values', ...base, shape: spec.shape.slice(1) }
}

/** A tensor may already bear the name that another one's field gets by rule. */
function freeName(name: string, tensor: string, taken: Set<string>): string {
  let free = taken.has(name) ? tensor : name
  for (let number = 2; taken.has(free); number += 1) free = `${tensor}_${number}`
  taken.add(free)
  return free
}
