import type { Form, Input } from '../form/form.ts'
import { requireBytes } from '../given.ts'
import { Element } from './element.ts'
import { defineDerived } from './expression.ts'
import { activeFields, type DataField, defineInputs, layInputs, readDictionary, targetOf } from './fields.ts'
import { modelOf, readModel } from './mining.ts'
import type { Classification, Result } from './result.ts'
import { Scope, Shared } from './scope.ts'
import { Xml } from './xml.ts'

/**
 * Reads a PMML document of version 4.0 to 4.4 into the neutral form: trees, regressions, and mining models of them (sums,
 * averages, votes, chains), with the fields' own treatment of missing and invalid values and plain derived fields. What is
 * not understood is refused by its name, and so is everything that XML could expand or fetch.
 *
 * Documents whose fields are all numbers have one input `X` of doubles with their names; otherwise each field is an input.
 * Outputs are `value`, or `label` and `probabilities`.
 *
 * @throws UnreadableModel
 */
export function readPmml(bytes: Uint8Array): Form {
  requireBytes(bytes)
  const document = new Element(new Xml(bytes), 0)
  if (document.name !== 'PMML') throw document.malformed('it is not a PMML document')
  const version = document.get('version')
  if (!/^4\.[0-4](\.\d+)?$/.test(version)) throw document.unsupported(`version ${version} of PMML is not read`)
  const dictionary = readDictionary(document)
  const model = modelOf(document)
  const target = targetOf(model)
  const fields = activeFields(model, dictionary)
  if (fields.length === 0) throw model.unsupported('a model that takes no fields')
  const inputs = layInputs(fields)
  const shared = new Shared(inputs)
  const scope = new Scope(shared)
  defineInputs(scope, fields)
  defineDerived(scope, document.child('TransformationDictionary'))
  const result = readModel(model, scope, { dictionary, target, mayBeNull: model.find('functionName') === 'regression' })
  addOutputs(result, shared, target === undefined ? undefined : dictionary.get(target))
  const form = shared.builder.build({ format: 'pmml', version, objective: model.find('algorithmName') ?? model.name })
  return { ...form, inputs: inputs.map((input, i) => withRequired(input, i, shared.required)) }
}

function withRequired(input: Input, at: number, required: ReadonlySet<number>): Input {
  const own = input.name === 'X' && input.width > 1 ? [...required].sort((a, b) => a - b) : required.has(at) ? [0] : []
  return { ...input, required: own }
}

function addOutputs(result: Result, { builder }: Shared, target: DataField | undefined): void {
  if (result.kind === 'regression') builder.output({ name: 'value', value: result.value, role: 'prediction', rank: 1 })
  else addLabels(result, builder, target)
}

function addLabels({ classes, position, probabilities }: Classification, builder: Shared['builder'], target: DataField | undefined): void {
  const isNumber = target !== undefined && ['integer', 'double', 'float'].includes(target.dataType) && classes.every((name) => Number.isFinite(Number(name)))
  const isBool = target?.dataType === 'boolean'
  const values = classes.map((name) => (isBool ? Number(name === 'true') : isNumber ? Number(name) : name))
  const type = isBool || (isNumber && target.dataType === 'integer') ? 'i64' : isNumber ? 'f64' : 'text'
  const labels = values.map((value) => (typeof value === 'string' ? builder.text(value) : value))
  const chosen = builder.add({ op: 'choose', of: [position], labels, to: type }, type, 1)
  const label = isBool ? builder.add({ op: 'cast', of: [chosen], to: 'bool' }, 'bool', 1) : chosen
  builder.output({ name: 'label', value: label, role: 'label', rank: 1 })
  if (probabilities !== undefined) builder.output({ name: 'probabilities', value: probabilities, role: 'probabilities', rank: 2, classes: values })
}
