import type { DataType, OutputField, Signature, TensorSpec } from '@fairlead/contract'
import type { Pipeline, PipelineStep, StepName } from '@fairlead/contract/control'
import type { ColumnType } from './columns.ts'
import { type AnswerPart, type Binding, type LookupCall, type ModelCall, type Phase, Plan } from './plan.ts'
import { Scope } from './scope.ts'
import { stepError } from './step-errors.ts'
import { compileStep } from './steps/index.ts'
import { compileModel } from './steps/model.ts'

/** A pipeline checked against a model's signature and ready to run over columns. */
export interface CompiledPipeline {
  /** Whether the model is the only step: then its own tensors are what callers send and get, and there is nothing to run. */
  readonly modelOnly: boolean
  /** What callers send and get: the model's own where it is the only step, else a tensor for each column. */
  readonly signature: Signature
  /** Places of a frame. */
  readonly places: number
  readonly phases: readonly Phase[]
  readonly calls: readonly ModelCall[]
  readonly lookups: readonly LookupCall[]
  readonly answers: readonly AnswerPart[]
  /** By phase: the places that are filled by then, and that later ones or the answer read. */
  readonly kept: readonly (readonly number[])[]
}

/** The columns there are behind a step. */
export interface CompiledStep {
  index: number
  name: string
  bindings: readonly Binding[]
  /** The place of a column, which it has from then on. */
  placeOf(binding: Binding): number
}

/** The name of a step. */
export function nameOf(step: PipelineStep): StepName {
  return Object.keys(step)[0] as StepName
}

/** Whether a pipeline is the model and nothing else. */
export function isModelAlone(pipeline: Pipeline): boolean {
  return pipeline.length === 1 && 'model' in pipeline[0]!
}

/**
 * Compiles a pipeline: one `model` step, before it steps that turn the columns of callers into the model's, behind it steps that turn its answers into
 * those of callers. Columns that no step makes are callers' columns: of the type that the model's signature has for their name, or that a first step `inputs`
 * declares. `onStep` is shown the columns behind each step; the model alone is compiled to places, too, then. Throws `pipeline-invalid`, its items naming the
 * step, the field and the position.
 */
export function compilePipeline(pipeline: Pipeline, signature: Signature, onStep?: (step: CompiledStep) => void): CompiledPipeline {
  const models = pipeline.flatMap((step, i) => ('model' in step ? [i] : []))
  if (models.length !== 1)
    throw stepError({ index: models[1] ?? 0, step: 'model', at: '' }, models.length === 0 ? 'there is no model step' : 'there may be only one model step')
  if (isModelAlone(pipeline) && !onStep) return { modelOnly: true, signature, places: 0, phases: [], calls: [], lookups: [], answers: [], kept: [] }

  const plan = new Plan()
  const scope = new Scope(plan, signature.columns, namesFilled(pipeline.slice(0, models[0])))
  for (const [index, step] of pipeline.entries()) {
    scope.step = { index, name: nameOf(step) }
    if ('model' in step) compileModel(signature, scope)
    else compileStep(step, scope)
    onStep?.({ ...scope.step, bindings: scope.bindings(), placeOf: (binding) => scope.materialise(binding) })
  }
  const given = scope.bindings().filter(({ answered }) => answered)
  if (given.length === 0) throw stepError(scope.place(), 'the answer would have no fields')
  const answered = answersOf(given, { scope, signature })
  const columns = scope.requestColumns()
  const inputs = columns.map(({ name, type, shape = [] }): TensorSpec => ({ name, type, shape: [-1, ...shape] }))
  return {
    modelOnly: false,
    signature: { task: signature.task, inputs, columns, ...answered.described },
    places: plan.places,
    phases: plan.phases,
    calls: plan.calls,
    lookups: plan.lookups,
    answers: answered.parts,
    kept: plan.kept(answered.parts.flatMap(({ from }) => ('place' in from ? [from.place] : []))),
  }
}

/** Columns that a step fills where they are null. */
function namesFilled(steps: Pipeline): Set<string> {
  return new Set(steps.flatMap((step) => ('default' in step ? Object.keys(step.default) : 'impute' in step ? Object.keys(step.impute) : [])))
}

const DATA_TYPES: Record<Exclude<ColumnType, 'time'>, DataType> = { number: 'float64', integer: 'int64', text: 'string', boolean: 'bool', vector: 'float64' }

interface Answered {
  described: Pick<Signature, 'outputs' | 'fields'>
  parts: AnswerPart[]
}

/** The tensors and fields of the answer, in order. A model's output that nobody touched is passed on. */
function answersOf(given: readonly Binding[], { scope, signature }: { scope: Scope; signature: Signature }): Answered {
  const outputs: TensorSpec[] = []
  const parts: AnswerPart[] = []
  const taken = new Set(given.flatMap(({ source }) => (source && source.from !== 'request' ? [source.tensor] : [])))
  const fields = given.map((binding): OutputField => {
    const { spec, source, field } = binding
    const own = signature.outputs.find(({ name }) => name === source?.tensor)
    if (source && source.from !== 'request' && own && field && field.tensor === source.tensor && isWhole(binding)) {
      if (!outputs.includes(own)) {
        outputs.push(own)
        parts.push({ spec: own, from: { call: source.from, tensor: own.name } })
      }
      return { ...field, name: spec.name }
    }
    const tensor = freeName(spec.name, taken)
    const made = madeField(binding, tensor)
    const shape = [-1, ...(made.kind === 'probabilities' ? [binding.keys!.length] : (made.shape ?? []))]
    const output: TensorSpec = { name: tensor, type: made.type, shape }
    outputs.push(output)
    parts.push({ spec: output, from: isRequest(binding) ? { request: source!.tensor } : { place: scope.materialise(binding) } })
    return made
  })
  return { described: { outputs, fields }, parts }
}

function isRequest({ source }: Binding): boolean {
  return source?.from === 'request'
}

/** Whether it is all of a field, and not one of its values. */
function isWhole({ source, field }: Binding): boolean {
  return field !== undefined && (source?.offset === undefined || field.kind === 'label' || field.kind === 'value')
}

function freeName(name: string, taken: Set<string>): string {
  let free = name
  for (let n = 2; taken.has(free); n++) free = `${name}_${n}`
  taken.add(free)
  return free
}

/** The field of a column that a step made, or that callers sent. */
function madeField({ spec, keys, field, labels, column, source }: Binding, tensor: string): OutputField {
  const { name, nullable } = spec
  const optional = nullable ? { optional: true } : {}
  if (source?.from === 'request' && column) {
    const { type, shape = [], unit, description } = column
    const words = { ...(unit === undefined ? {} : { unit }), ...(description === undefined ? {} : { description }) }
    return { name, kind: shape.length > 0 ? 'values' : 'value', type, tensor, ...(shape.length > 0 ? { shape } : {}), ...optional, ...words }
  }
  if (spec.type === 'vector') {
    if (keys && field?.kind === 'probabilities') return { ...field, name, tensor, type: 'float64', classes: [...keys] }
    return { name, kind: 'values', type: 'float64', tensor, shape: keys ? [keys.length] : [-1], ...optional }
  }
  if (labels && spec.type === 'text') return { name, kind: 'label', type: 'string', tensor, classes: [...labels], ...optional }
  return { name, kind: 'value', type: spec.type === 'time' ? 'string' : DATA_TYPES[spec.type], tensor, ...optional }
}
