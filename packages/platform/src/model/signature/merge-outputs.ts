import { isFloat, isInteger, type OutputField, type Signature, type SignatureFile } from '@fairlead/contract'
import type { Complaints } from './complaints.ts'
import { hint } from './suggest.ts'

type FileOutput = NonNullable<SignatureFile['outputs']>[number]

/** The fields with what the signature file says of them. Complains about contradictions. */
export function mergeOutputs(derived: Signature, outputs: readonly FileOutput[], complaints: Complaints): Pick<Signature, 'task' | 'fields'> {
  const fields = derived.fields.map((field) => ({ ...field }))
  const described = new Set<OutputField>()
  const named = new Map<OutputField, string[]>()
  for (const [index, output] of outputs.entries()) {
    const path = `outputs[${index}]`
    const field = findField(derived, fields, output.tensor)
    if (!field) {
      const names = derived.outputs.map((spec) => spec.name)
      complaints.add(`${path}.tensor`, `the model has no output tensor "${output.tensor}"${hint(output.tensor, names)}`)
    } else if (described.has(field)) complaints.add(`${path}.tensor`, `output "${output.tensor}" is described twice`)
    else {
      described.add(field)
      const classes = describeField(field, output, { path, complaints })
      if (classes) named.set(field, classes)
    }
  }
  applyClasses({ ...derived, fields }, named, complaints)
  refuseRepeatedNames(fields, complaints)
  return { task: fields.some((field) => field.kind === 'probabilities') ? 'classification' : derived.task, fields }
}

interface Place {
  path: string
  complaints: Complaints
}

/** The field of a tensor; the name that the answer gives it is understood as well. */
function findField(derived: Signature, fields: readonly OutputField[], tensor: string): OutputField | undefined {
  return fields.find((field) => field.tensor === tensor) ?? fields[derived.fields.findIndex((field) => field.name === tensor)]
}

/** Answers the class names given to the field. */
function describeField(field: OutputField, output: FileOutput, { path, complaints }: Place): string[] | undefined {
  if (output.name !== undefined) field.name = output.name
  if (output.description !== undefined) field.description = output.description
  if (output.unit !== undefined) describeUnit(field, output.unit, { path, complaints })
  const classes = output.classes?.map(String)
  return classes && classesFit(field, classes, { path: `${path}.classes`, complaints }) ? classes : undefined
}

function describeUnit(field: OutputField, unit: string, { path, complaints }: Place): void {
  if (field.kind === 'value' || field.kind === 'values') field.unit = unit
  else complaints.add(`${path}.unit`, `output "${field.tensor}" holds ${field.kind === 'label' ? 'class labels' : 'probabilities'}, which have no unit`)
}

/** Checks the names given for the classes of one output; a list of floats per row becomes probabilities by being given them. */
function classesFit(field: OutputField, classes: readonly string[], { path, complaints }: Place): boolean {
  const before = complaints.items.length
  if (classes.length < 2) complaints.add(path, 'a classifier has at least two classes')
  if (new Set(classes).size !== classes.length) complaints.add(path, 'a class is named twice')
  if (field.kind === 'values' && isFloat(field.type) && field.shape?.length === 1) {
    const [count = -1] = field.shape
    if (count !== -1 && count !== classes.length) complaints.add(path, `output "${field.tensor}" has ${count} columns and ${classes.length} classes are named`)
  } else if (field.kind !== 'label' && field.kind !== 'probabilities' && !(field.kind === 'value' && isInteger(field.type)))
    complaints.add(path, `output "${field.tensor}" holds neither labels nor one number per class`)
  return complaints.items.length === before
}

/** Class names count for the label and its probabilities alike: an answer's label must be one of the keys of its probabilities. */
function applyClasses({ fields, outputs }: Signature, named: ReadonlyMap<OutputField, string[]>, complaints: Complaints): void {
  const lists = [...named.values()]
  const [classes] = lists
  if (!classes) return
  for (const field of named.keys()) {
    if (field.kind === 'values') {
      field.kind = 'probabilities'
      delete field.shape
    } else if (field.kind === 'value') field.kind = 'label'
  }
  const probabilities = fields.find((field) => field.kind === 'probabilities')
  const own = probabilities?.classes
  const columns = outputs.find((spec) => spec.name === probabilities?.tensor)?.shape[1] ?? -1
  const problem = lists.every((other) => same(other, classes)) ? renamingProblem(own, columns, classes) : 'two outputs name different classes'
  if (problem !== undefined) complaints.add('outputs', problem)
  if (problem !== undefined || (own !== undefined && same(own, classes))) return
  if (probabilities) probabilities.classes = classes
  for (const field of fields) if (field.kind === 'label' && isInteger(field.type)) field.classes = classes
}

/** Why the model's classes cannot bear these names. */
function renamingProblem(own: string[] | undefined, columns: number, classes: string[]): string | undefined {
  const count = own?.length ?? columns
  if (count !== -1 && count !== classes.length) return `the model has ${count} classes${own ? ` (${own.join(', ')})` : ''} and ${classes.length} are named`
  if (own === undefined || same(own, classes) || own.every((label, index) => label === String(index))) return undefined
  return `the model names its classes itself (${own.join(', ')}); other names can only be given to classes numbered from 0`
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((label, index) => label === b[index])
}

function refuseRepeatedNames(fields: readonly OutputField[], complaints: Complaints): void {
  const seen = new Set<string>()
  for (const { name } of fields) {
    if (seen.has(name)) complaints.add('outputs', `two fields have the name "${name}"`)
    seen.add(name)
  }
}
