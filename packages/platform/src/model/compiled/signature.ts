import { FairleadError, type InputColumn, type OutputField, type Signature, type TensorSpec } from '@fairlead/contract'
import { type Form, kindsOf, type Output } from '@fairlead/evaluator'
import { TRAVELLING } from './element-types.ts'
import { type Feed, feedsOf } from './feeds.ts'

/** Most columns of a model: each is a part of the signature, and of every request. */
const COLUMN_LIMIT = 100_000

/**
 * The signature of a form that was read from a file of trees or of a linear model. Columns have the file's names; without names there is
 * one column that takes all numbers of a row. Columns of categories list what they take. Margins are left out where there is more to answer.
 * What the library's `predict` gives is the first output. Throws `model-too-large`, `signature-invalid` for names that are there twice.
 */
export function formSignature(form: Form): Signature {
  const feeds = feedsOf(form)
  const columns = feeds.flatMap(columnsOf)
  if (columns.length > COLUMN_LIMIT) throw new FairleadError('model-too-large', `the model has ${columns.length} columns; at most ${COLUMN_LIMIT} are served`)
  refuseRepeated(columns)
  const inputs = feeds.map(({ tensor, type, width, categories }): TensorSpec => {
    const alone = categories !== undefined || (width === 1 && feeds.length > 1)
    return { name: tensor, type, shape: alone ? [-1] : [-1, width] }
  })
  const answers = answersOf(form)
  const shapes = kindsOf(form)
  const outputs = answers.map(({ name, value, rank }): TensorSpec => {
    const { type, width } = shapes[value]!
    return { name, type: TRAVELLING[type], shape: rank === 1 ? [-1] : [-1, width] }
  })
  const fields = answers.map((output, at) => fieldOf(output, outputs[at]!, answers))
  return { task: taskOf(answers), inputs, outputs, columns, fields }
}

/** The outputs of a form that are served, what the library's `predict` gives first. */
export function answersOf({ outputs }: Form): Output[] {
  const main = outputs.filter(({ role }) => role !== 'margin')
  return main.length > 0 ? main : [...outputs]
}

function columnsOf({ tensor, type, width, names, categories, takesMissing }: Feed): InputColumn[] {
  const optional = (missing: boolean) => (missing ? { optional: true } : {})
  if (!names) {
    return [{ name: tensor, type, tensor, ...(width === 1 ? optional(takesMissing[0]!) : { shape: [width] }) }]
  }
  const listed = categories?.unseen === 'refuse' ? { values: [...categories.values] } : {}
  return names.map((name, index) => ({ name, type, tensor, ...(width > 1 ? { index } : {}), ...optional(takesMissing[index]!), ...listed }))
}

function refuseRepeated(columns: readonly InputColumn[]): void {
  const seen = new Set<string>()
  for (const { name } of columns) {
    if (seen.has(name)) throw new FairleadError('signature-invalid', `the model has two columns of the name "${name.slice(0, 200)}"`)
    seen.add(name)
  }
}

function taskOf(answers: readonly Output[]): Signature['task'] {
  if (answers.some(({ role }) => role === 'label' || role === 'probabilities')) return 'classification'
  return answers.length === 1 && answers[0]!.rank === 1 ? 'regression' : 'other'
}

function fieldOf({ name, role, rank, classes }: Output, spec: TensorSpec, all: readonly Output[]): OutputField {
  const base = { type: spec.type, tensor: name }
  if (role === 'label' && rank === 1) return { name: 'label', kind: 'label', ...base }
  if (role === 'probabilities' && rank === 2) {
    const labels = classes?.map(String)
    return { name: 'probabilities', kind: 'probabilities', ...base, ...(labels && labels.length > 0 ? { classes: labels } : {}) }
  }
  if (rank === 1) return { name: all.length === 1 ? 'value' : name, kind: 'value', ...base }
  return { name, kind: 'values', ...base, shape: spec.shape.slice(1) }
}
