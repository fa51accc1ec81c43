import type { Form, Input } from '../form/form.ts'
import { requireBytes } from '../given.ts'
import type { UnreadableModel } from '../unreadable.ts'
import { type Col, Context, Plan } from './context.ts'
import { estimate, isModel } from './estimate/index.ts'
import type { Estimate } from './estimate/result.ts'
import { openSkops } from './file.ts'
import { Item } from './item.ts'
import { isLightGBM, readWrapped } from './lightgbm.ts'
import { isTransformer, pipelineSteps, transform } from './transform/index.ts'

const MOST_FEATURES = 1 << 20
/** Name of the one input of a model that takes a matrix, as scikit-learn calls it. */
const MATRIX = 'X'

/**
 * Reads a model of scikit-learn that was saved with skops (protocols 0 to 2) into the neutral form: pipelines, column
 * transformers, scalers, encoders, imputers, linear models and tree ensembles. The file is read as data: no class is
 * looked up and nothing is called. A model of LightGBM's own classes is what `readLightGBM` makes of the text inside.
 *
 * A model whose columns are all numbers has one input `X` of doubles, with the file's names for its columns. Otherwise
 * each column that is used is an input of its own, `text` where the model knows texts. Outputs are `label`,
 * `probabilities` and `margin` of a classifier, `value` of a regression, `columns` of a transformer.
 *
 * @throws UnreadableModel for a broken file, and by its name for every class, setting or version that is not understood
 */
export function readSkops(bytes: Uint8Array): Form {
  requireBytes(bytes)
  const file = openSkops(bytes)
  const root = new Item(file, file.schema, '')
  if (isLightGBM(root)) return readWrapped(root)
  const model = isModel(root)
  if (!model && !isTransformer(root)) throw unknown(root)
  const plan = new Plan(...readColumns(root), bytes.length)
  const asMatrix: Input = { name: MATRIX, type: 'f64', width: plan.kinds.length }
  run(root, new Context(plan, [asMatrix], true), model)
  const { inputs, cols } = layOut(plan)
  const context = new Context(plan, inputs, false)
  run(root, context, model, cols)
  const version = root.find('_sklearn_version')?.text() ?? ''
  return context.builder.build({ format: 'skops', version, objective: objectiveOf(root) })
}

/** What stands in the way: the first class of a pipeline that is not read, or the object itself. */
function unknown(root: Item): UnreadableModel {
  if (root.name === 'sklearn.pipeline.Pipeline')
    for (const step of pipelineSteps(root)) if (!step.isPrimitive() && !isModel(step) && !isTransformer(step)) return unknown(step)
  return root.unsupported(`${root.name} is not read`)
}

function objectiveOf(root: Item): string {
  const last = root.className === 'Pipeline' ? pipelineSteps(root).at(-1) : undefined
  return last === undefined || last.isPrimitive() ? root.className : objectiveOf(last)
}

/** Number of columns and, where the file has them, their names: those of the object, or of the first step that says them. */
function readColumns(root: Item): [number, readonly string[] | undefined] {
  let item = root
  for (;;) {
    const count = item.find('n_features_in_')
    if (count !== undefined && !count.isNone()) {
      const features = count.number()
      if (!Number.isInteger(features) || features < 1 || features > MOST_FEATURES) throw count.malformed(`${features} columns`)
      const names = item.find('feature_names_in_')?.values()
      if (names !== undefined && (names.length !== features || names.some((name) => typeof name !== 'string')))
        throw item.malformed('names that do not fit its columns')
      if (names !== undefined && new Set(names).size !== names.length) throw item.unsupported('two columns have one name')
      return [features, names as string[] | undefined]
    }
    const next =
      item.className === 'Pipeline'
        ? pipelineSteps(item).find((step) => !step.isPrimitive())
        : (item.find('best_estimator_') ?? item.find('estimators_')?.items()[0] ?? item.find('transformer_list')?.items()[0]?.items()[1])
    if (next === undefined) throw item.malformed(`${item.className} has no n_features_in_: it is not fitted`)
    item = next
  }
}

function run(root: Item, context: Context, model: boolean, cols: readonly Col[] = openColumns(context.plan)): void {
  if (!model) {
    const value = context.matrix(transform(root, cols, context), root)
    context.builder.output({ name: 'columns', value, role: 'other', rank: 2 })
    return
  }
  const result = estimate(root, cols, context)
  if (!context.planning) addOutputs(result, context)
}

function openColumns(plan: Plan): Col[] {
  return plan.kinds.map((kind, raw) => ({ value: 0, index: raw, kind, raw, from: [raw] }))
}

/** The inputs that the plan asks for, and where each column of the model is found in them. */
function layOut(plan: Plan): { inputs: Input[]; cols: Col[] } {
  const names = plan.kinds.map((_, i) => plan.names?.[i] ?? `x${i}`)
  // A column that nothing uses may hold anything: with names it is left out, without them its place is kept.
  if (plan.kinds.every((kind) => kind === 'number' || (kind === 'open' && plan.names === undefined))) {
    const columns = plan.names?.map((name) => ({ name }))
    const required = [...plan.required].sort((a, b) => a - b)
    return { inputs: [{ name: MATRIX, type: 'f64', width: names.length, ...(columns === undefined ? {} : { columns }), required }], cols: openColumns(plan) }
  }
  const inputs: Input[] = []
  const cols = plan.kinds.map((kind, raw): Col => {
    const col = { value: inputs.length, index: 0, kind, raw, from: [raw] }
    const name = names[raw] as string
    if (kind !== 'open')
      inputs.push({ name, type: kind === 'text' ? 'text' : 'f64', width: 1, columns: [{ name }], required: plan.required.has(raw) ? [0] : [] })
    return col
  })
  return { inputs, cols }
}

function addOutputs(result: Estimate, { builder }: Context): void {
  if (result.kind === 'regression') {
    builder.output({ name: 'value', value: result.value, role: 'prediction', rank: builder.width(result.value) === 1 ? 1 : 2 })
    return
  }
  const { classes, probabilities, margin } = result
  const names = classes.values.map((value) => (typeof value === 'string' ? value : Number(value)))
  const labels = classes.values.map((value) => (typeof value === 'string' ? builder.text(value) : Number(value)))
  const chosen = builder.add(
    { op: 'choose', of: [result.position], labels, to: classes.type === 'bool' ? 'i64' : classes.type },
    classes.type === 'bool' ? 'i64' : classes.type,
    1,
  )
  const label = classes.type === 'bool' ? builder.add({ op: 'cast', of: [chosen], to: 'bool' }, 'bool', 1) : chosen
  builder.output({ name: 'label', value: label, role: 'label', rank: 1 })
  if (probabilities !== undefined) builder.output({ name: 'probabilities', value: probabilities, role: 'probabilities', rank: 2, classes: names })
  if (margin !== undefined) builder.output({ name: 'margin', value: margin, role: 'margin', rank: builder.width(margin) === 1 ? 1 : 2 })
}
