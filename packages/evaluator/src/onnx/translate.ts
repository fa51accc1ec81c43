import type { Form, Input } from '../form/form.ts'
import { UnreadableModel } from '../unreadable.ts'
import { Attributes } from './attributes.ts'
import { Builder } from './builder.ts'
import type { Call, Operators, Translate } from './call.ts'
import type { FileModel, FileNode, FileValue } from './model.ts'
import { ML, STANDARD } from './model.ts'
import { CLASSIFIERS } from './operators/classifiers.ts'
import { ENCODERS } from './operators/encoders.ts'
import { LINEAR, MATRICES } from './operators/linear.ts'
import { MATH } from './operators/math.ts'
import { PARTS } from './operators/parts.ts'
import { REDUCE } from './operators/reduce.ts'
import { SHAPE } from './operators/shape.ts'
import { TREES } from './operators/trees.ts'
import { elementOf, readTensor } from './tensor.ts'
import { ROWS, type Rows, rowAxis, type Value, widthOf } from './values.ts'

/** What is read of each domain: its operators, and the versions whose meaning they have. */
const DOMAINS: Readonly<Record<string, { operators: Operators; from: number; to: number }>> = {
  [STANDARD]: { operators: { ...MATH, ...MATRICES, ...PARTS, ...REDUCE, ...SHAPE }, from: 7, to: 26 },
  [ML]: { operators: { ...CLASSIFIERS, ...ENCODERS, ...LINEAR, ...TREES }, from: 1, to: 5 },
}

/** Versions of the file format that are known. */
const IR = { from: 3, to: 13, optional: 4 }

/** Turns a graph into a form. Throws UnreadableModel 'unsupported' naming every node that is not understood. */
export function translate(model: FileModel): Form {
  checkVersions(model)
  checkOperators(model)
  const builder = new Builder()
  const values = new Map<string, Value>()
  readInputs(model, builder, values)
  const problems: UnreadableModel[] = []
  const names = new Set(values.keys())
  for (const [position, node] of model.graph.nodes.entries()) runNode({ model, builder, values, names, problems }, node, position)
  if (problems.length > 0) throw together(problems)
  return builder.finish(sourceOf(model), outputsOf(model, values, builder))
}

function checkVersions({ irVersion, opsets }: FileModel): void {
  if (irVersion < IR.from || irVersion > IR.to)
    throw new UnreadableModel('unsupported', '', `version ${irVersion} of the file format is not one of ${IR.from} to ${IR.to}`)
  for (const [domain, version] of opsets) {
    const known = Object.hasOwn(DOMAINS, domain) ? DOMAINS[domain]! : undefined
    if (known && (version < known.from || version > known.to)) {
      throw new UnreadableModel('unsupported', '', `version ${version} of ${domain} is not one of ${known.from} to ${known.to}`)
    }
  }
}

function operatorOf({ domain, operator }: FileNode): Translate | undefined {
  const operators = Object.hasOwn(DOMAINS, domain) ? DOMAINS[domain]!.operators : {}
  return Object.hasOwn(operators, operator) ? operators[operator] : undefined
}

/** A node in errors: its name, or its place in the graph. */
function nameOf({ name, domain, operator }: FileNode, position: number): string {
  const kind = domain === STANDARD ? operator : `${domain}:${operator}`
  return `node ${name === '' ? position : JSON.stringify(name)} (${kind})`
}

/** Most nodes that an error names. */
const NAMED = 20

function checkOperators({ graph }: FileModel): void {
  const unknown = graph.nodes.flatMap((node, position) => (operatorOf(node) ? [] : [nameOf(node, position)]))
  if (unknown.length > 0) throw new UnreadableModel('unsupported', listed(unknown), 'these operators are not read')
}

function listed(names: readonly string[]): string {
  const more = names.length > NAMED ? [`and ${names.length - NAMED} more`] : []
  return [...names.slice(0, NAMED), ...more].join(', ')
}

function together(problems: readonly UnreadableModel[]): UnreadableModel {
  const [first] = problems
  if (problems.length === 1) return first!
  return new UnreadableModel(
    'unsupported',
    listed(problems.map((problem) => problem.where)),
    problems
      .slice(0, NAMED)
      .map((problem) => problem.message)
      .join('; '),
  )
}

function readInputs({ graph, irVersion }: FileModel, builder: Builder, values: Map<string, Value>): void {
  for (const value of graph.inputs) {
    const constant = graph.initializers.has(value.name)
    // below version 4 constants are listed among the inputs; from then on such an input is one that callers may replace
    if (constant && irVersion < IR.optional) continue
    if (constant) throw new UnreadableModel('unsupported', `input ${JSON.stringify(value.name)}`, 'callers may replace its default')
    const { input, dims } = inputOf(value)
    if (values.has(value.name)) throw new UnreadableModel('malformed', `input ${JSON.stringify(value.name)}`, 'there are two of this name')
    values.set(value.name, builder.input(input, dims))
  }
  const rows = new Set(
    graph.inputs.flatMap(({ name, dimensions }) => (typeof dimensions?.[0] === 'string' && !graph.initializers.has(name) ? [dimensions[0]] : [])),
  )
  if (rows.size > 1) throw new UnreadableModel('unsupported', '', `its inputs count rows by several names: ${listed([...rows])}`)
}

/** Most columns of an input. */
const WIDTH_LIMIT = 1_000_000

function inputOf({ name, kind, elementType, dimensions }: FileValue): { input: Input; dims: number[] } {
  const where = `input ${JSON.stringify(name)}`
  const refuse = (what: string) => new UnreadableModel('unsupported', where, what)
  if (kind !== 'tensor') throw refuse('it is no tensor')
  const type = elementOf(elementType)
  if (type === undefined) throw refuse(`its elements are of ONNX type ${elementType}`)
  if (dimensions === undefined || dimensions.length === 0 || dimensions.length > 2)
    throw refuse(`it has ${dimensions?.length ?? 'no known'} dimensions; 1 and 2 are read`)
  const [rows, width = 1] = dimensions
  if (typeof rows === 'number') throw refuse(`its first dimension is ${rows} and not any number of rows`)
  if (typeof width !== 'number') throw refuse('its second dimension is not a number')
  if (!(width > 0 && width <= WIDTH_LIMIT)) throw refuse(`its second dimension is ${width}`)
  return { input: { name, type, width }, dims: dimensions.length === 1 ? [ROWS] : [ROWS, width] }
}

interface State {
  readonly model: FileModel
  readonly builder: Builder
  readonly values: Map<string, Value>
  /** Names that nodes may read, also where their values are not known. */
  readonly names: Set<string>
  readonly problems: UnreadableModel[]
}

/** Translates one node. What is not understood of it is noted, and nodes that need its outputs are passed over. */
function runNode({ model, builder, values, names, problems }: State, node: FileNode, position: number): void {
  const where = nameOf(node, position)
  const inputs = node.inputs.map((name) => (name === '' ? undefined : known({ model, values, names }, name, where)))
  const complete = inputs.every((value, index) => value !== undefined || node.inputs[index] === '')
  for (const name of node.outputs) {
    if (name === '') continue
    if (names.has(name) || model.graph.initializers.has(name)) throw new UnreadableModel('malformed', where, `${JSON.stringify(name)} is given twice`)
    names.add(name)
  }
  if (!complete) return
  try {
    const { opsets, bytes } = model
    const version = opsets.get(node.domain)
    if (version === undefined) throw new UnreadableModel('malformed', where, `the file names no version of ${node.domain}`)
    const attributes = new Attributes(bytes, node, where)
    const call: Call = { where, operator: node.operator, attributes, version, inputs, outputs: node.outputs.length, builder }
    const results = operatorOf(node)!(call)
    node.outputs.forEach((name, index) => {
      if (name === '') return
      const result = results[index]
      if (!result) throw new UnreadableModel('unsupported', where, `its output ${index} is not read`)
      values.set(name, result)
    })
  } catch (error) {
    if (!(error instanceof UnreadableModel) || error.reason !== 'unsupported') throw error
    problems.push(error)
  }
}

function known({ model, values, names }: Pick<State, 'model' | 'values' | 'names'>, name: string, where: string): Value | undefined {
  const given = values.get(name)
  if (given) return given
  const tensor = model.graph.initializers.get(name)
  if (!tensor) {
    if (names.has(name)) return undefined
    throw new UnreadableModel('malformed', where, `nothing before it gives ${JSON.stringify(name)}`)
  }
  const value = readTensor(model.bytes, tensor, `initializer ${JSON.stringify(name)}`)
  values.set(name, value)
  return value
}

function sourceOf({ producer, producerVersion, graph }: FileModel): Form['source'] {
  const models = new Set(graph.nodes.filter(({ domain, operator }) => domain === ML && MODELS.has(operator)).map(({ operator }) => operator))
  return { format: 'onnx', version: [producer, producerVersion].filter((text) => text !== '').join(' '), objective: [...models].join(', ') }
}

const MODELS = new Set([...Object.keys(CLASSIFIERS), ...Object.keys(LINEAR), ...Object.keys(TREES)])

function outputsOf({ graph }: FileModel, values: ReadonlyMap<string, Value>, builder: Builder): { name: string; value: Rows; rank: 1 | 2 }[] {
  const seen = new Set<string>()
  const outputs = graph.outputs.map(({ name }) => {
    const where = `output ${JSON.stringify(name)}`
    const value = values.get(name)
    if (!value) throw new UnreadableModel('malformed', where, 'nothing gives it')
    if (seen.has(name)) throw new UnreadableModel('malformed', where, 'there are two of this name')
    seen.add(name)
    if (value.kind !== 'rows') throw new UnreadableModel('unsupported', where, 'it is the same for all rows')
    if (value.dims.length > 2 || rowAxis(value.dims) !== 0)
      throw new UnreadableModel('unsupported', where, `its rows are not along the first of at most two dimensions`)
    if (builder.holdsOthers(value)) throw new UnreadableModel('unsupported', where, 'it is a text as it was given')
    return { name, value, rank: value.dims.length === 1 ? (1 as const) : (2 as const) }
  })
  return named(outputs)
}

/** What converters say by an output's name alone: probabilities beside a label; and the one number that a regression gives. */
function named<O extends { readonly name: string; readonly value: Rows }>(outputs: readonly O[]): O[] {
  const classes = outputs.find(({ value }) => value.meaning?.role === 'label')?.value.meaning?.classes
  return outputs.map((output) => {
    const { name, value } = output
    if (value.meaning || (value.type !== 'f32' && value.type !== 'f64')) return output
    if (classes && /prob/i.test(name) && widthOf(value.dims) === classes.length)
      return { ...output, value: { ...value, meaning: { role: 'probabilities', classes } } }
    return outputs.length === 1 && widthOf(value.dims) === 1 ? { ...output, value: { ...value, meaning: { role: 'prediction' } } } : output
  })
}
