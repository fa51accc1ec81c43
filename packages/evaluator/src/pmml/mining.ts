import { Grove, type TreeNodes } from '../form/grove.ts'
import type { Trees } from '../form/trees.ts'
import type { Element } from './element.ts'
import { defineDerived, evaluateExpression } from './expression.ts'
import { defineInner } from './fields.ts'
import { predicateOf } from './predicate.ts'
import { regressionModel } from './regression.ts'
import { type Classification, largest, type Reading, type Result, rescale } from './result.ts'
import type { Scope } from './scope.ts'
import { Features, type Leaves, readTree } from './tree.ts'
import { TreeColumns } from './tree-columns.ts'

const MODELS = new Set(['TreeModel', 'RegressionModel', 'MiningModel'])
const DEEPEST = 20

/** The model of an element: the document, or a segment. Throws UnreadableModel, naming it, for one that is not read. */
export function modelOf(holder: Element): Element {
  const found = holder.children().find(({ name }) => MODELS.has(name) || /Model$|^Scorecard$|Network$/.test(name))
  if (found === undefined) throw holder.malformed('it has no model')
  if (!MODELS.has(found.name)) throw found.unsupported(`${found.name} is not read`)
  if (found.find('isScorable') === 'false') throw found.unsupported('a model that says it cannot be scored')
  return found
}

/** What a model gives, inside a scope with its fields. */
export function readModel(model: Element, around: Scope, reading: Reading, depth = 0): Result {
  if (depth > DEEPEST) throw model.malformed(`models nested deeper than ${DEEPEST}`)
  const scope = around.inner()
  if (depth > 0) defineInner(scope, model)
  defineDerived(scope, model.child('LocalTransformations'))
  if (model.name === 'RegressionModel') return regressionModel(model, scope)
  if (model.name === 'TreeModel') return ensemble(model, [{ model, scope, weight: 1 }], scope, { reading, method: 'single' })
  return miningModel(model, scope, reading, depth)
}

interface Segment {
  readonly model: Element
  readonly scope: Scope
  readonly weight: number
}

function miningModel(model: Element, scope: Scope, reading: Reading, depth: number): Result {
  const segmentation = model.child('Segmentation')
  if (segmentation === undefined) throw model.unsupported('a MiningModel without segments is not read')
  const method = segmentation.get('multipleModelMethod')
  if (segmentation.find('missingPredictionTreatment') === 'skipSegment') throw segmentation.unsupported('segments without an answer left out are not read')
  const elements = segmentation.all('Segment')
  if (elements.length === 0) throw segmentation.malformed('it has no segments')
  for (const element of elements) if (predicateOf(element, scope).kind !== 'true') throw element.unsupported('segments for some rows alone are not read')
  if (method === 'modelChain' || method === 'x-modelChain') return chain(elements, scope, reading, depth)
  const segments = elements.map((element): Segment => ({ model: modelOf(element), scope, weight: element.number('weight', 1) }))
  if (segments.every((segment) => segment.model.name === 'TreeModel' && segment.model.child('Targets') === undefined)) {
    const inner = segments.map((segment): Segment => ({ ...segment, scope: innerOf(segment.model, scope) }))
    return ensemble(model, inner, scope, { reading, method })
  }
  return combine(
    model,
    segments.map((segment) => ({ result: readModel(segment.model, scope, reading, depth + 1), weight: segment.weight })),
    scope,
    method,
  )
}

function innerOf(model: Element, scope: Scope): Scope {
  const inner = scope.inner()
  defineInner(inner, model)
  defineDerived(inner, model.child('LocalTransformations'))
  return inner
}

/** Models one after another: what one says it puts out is a field of those after it. */
function chain(elements: readonly Element[], scope: Scope, reading: Reading, depth: number): Result {
  let result: Result | undefined
  for (const element of elements) {
    const model = modelOf(element)
    result = readModel(model, scope, reading, depth + 1)
    for (const field of model.child('Output')?.all('OutputField') ?? []) defineOutput(field, result, scope)
  }
  if (result === undefined) throw new RangeError('a chain has segments')
  return result
}

function defineOutput(field: Element, result: Result, scope: Scope): void {
  const feature = field.find('feature') ?? 'predictedValue'
  const expression = field.children().find(({ name }) => name !== 'Value')
  if (feature === 'transformedValue' && expression !== undefined) scope.define(field.get('name'), evaluateExpression(scope, expression))
  else if (feature === 'predictedValue' && result.kind === 'regression') scope.define(field.get('name'), { value: result.value, type: 'number', from: [] })
  else if (feature === 'probability' && result.kind === 'classification' && result.probabilities !== undefined) {
    const index = result.classes.indexOf(field.get('value'))
    if (index < 0) throw field.malformed(`${field.get('value')} is none of the classes`)
    scope.define(field.get('name'), { value: scope.builder.gather([{ value: result.probabilities, index }]), type: 'number', from: [] })
  }
}

const SUMS = new Set(['single', 'sum', 'average', 'weightedAverage', 'weightedSum'])
const VOTES = new Set(['majorityVote', 'weightedMajorityVote'])

/** Trees whose scores come together, in one step. */
function ensemble(
  model: Element,
  segments: readonly Segment[],
  scope: Scope,
  { reading, method }: { readonly reading: Reading; readonly method: string },
): Result {
  const isVote = VOTES.has(method)
  if (!SUMS.has(method) && !isVote) throw model.unsupported(`models brought together by ${method} are not read`)
  const isClassification = model.get('functionName') === 'classification'
  if (!isClassification && (isVote || model.get('functionName') !== 'regression'))
    throw model.unsupported(`${method} for ${model.get('functionName')} is not read`)
  if (isClassification && (method === 'sum' || method === 'weightedSum')) throw model.unsupported('a sum of classifications is not read')
  const classes = isClassification ? classesOf(model, segments, reading) : []
  const isWeighted = method.startsWith('weighted')
  const isFloat = !isVote && model.find('x-mathContext') === 'float'
  const round = isFloat ? Math.fround : (x: number) => x
  const total = segments.reduce((sum, { weight }) => sum + (isWeighted ? weight : 1), 0)
  const leaves = isClassification ? classLeaves(classes, isVote, method === 'single') : numberLeaves(round, reading.mayBeNull)
  const features = new Features()
  const read = readTrees(segments, { features, leaves, isWeighted })
  const { builder } = scope
  const row = builder.gather(
    (features.fields.length === 0 ? [firstCell(scope)] : features.fields.map(({ value }) => value)).map((value) => ({ value, index: 0 })),
  )
  const step = (trees: Trees): number => builder.add({ op: 'trees', of: [row], trees }, trees.sum, leaves.width)
  const value = step(growTrees(read, { features, leaves, isFloat, divisor: method === 'sum' || method === 'weightedSum' ? 1 : total }))
  if (isVote) return elected(scope, classes, value, step(growTrees(ranked(read), { features, leaves, isFloat, divisor: 1, aggregate: 'max' })))
  const double = isFloat ? builder.add({ op: 'cast', of: [value], to: 'f64' }, 'f64', leaves.width) : value
  if (!isClassification) return { kind: 'regression', value: rescale(scope, model, double) }
  return classified(scope, classes, double, method === 'single')
}

/** Of classes with as many votes, the one that was voted for first wins: `ranks` has how early each was. */
function elected(scope: Scope, classes: readonly string[], votes: number, ranks: number): Classification {
  const { builder } = scope
  const width = classes.length
  const most = builder.add({ op: 'reduce', of: [votes], function: 'max' }, 'f64', 1)
  const wins = builder.add({ op: 'compare', of: [votes, most], operator: 'eq' }, 'bool', width)
  const none = builder.add({ op: 'lookup', of: [votes], keys: [], values: [], otherwise: -1, to: 'f64' }, 'f64', width)
  const winners = builder.add({ op: 'where', of: [wins, ranks, none] }, 'f64', width)
  return { kind: 'classification', classes, probabilities: votes, position: largest(scope, winners) }
}

/** The same trees, each leaf giving its class the higher a rank the earlier its tree stands. */
function ranked({ trees, sets }: ReadTrees): ReadTrees {
  const by = (tree: TreeNodes, rank: number): TreeNodes => ({
    ...tree,
    leaf: (node, out) => {
      tree.leaf(node, out)
      for (let i = 0; i < out.length; i += 1) out[i] = out[i] === 0 ? 0 : rank
    },
  })
  return { sets, trees: trees.map((tree, i) => by(tree, trees.length - i)) }
}

function firstCell(scope: Scope): number {
  const { builder } = scope
  const cell = builder.width(0) === 1 ? 0 : builder.gather([{ value: 0, index: 0 }])
  return builder.add({ op: 'lookup', of: [cell], keys: [], values: [], otherwise: 0, to: 'f64' }, 'f64', 1)
}

interface ReadTrees {
  readonly trees: readonly TreeNodes[]
  readonly sets: readonly (readonly number[])[]
}

/** Reads the trees. The columns that they test are known when all are read, so that their step is made after. */
function readTrees(
  segments: readonly Segment[],
  { features, leaves, isWeighted }: { readonly features: Features; readonly leaves: Leaves; readonly isWeighted: boolean },
): ReadTrees {
  const sets: number[][] = []
  const columns = new TreeColumns(leaves.width)
  const trees = segments.map(({ model, scope, weight }) => {
    const read = readTree({ model, scope, features, leaves, columns, addSet: (words) => sets.push([...words]) - 1 })
    if (!isWeighted || weight === 1) return read
    const weighted = (node: number, out: Float64Array) => {
      read.leaf(node, out)
      for (let i = 0; i < out.length; i += 1) out[i] = (out[i] as number) * weight
    }
    return { ...read, leaf: weighted }
  })
  return { trees, sets }
}

interface Growing {
  readonly features: Features
  readonly leaves: Leaves
  readonly divisor: number
  readonly isFloat: boolean
  readonly aggregate?: 'max'
}

function growTrees({ trees, sets }: ReadTrees, { features, leaves, divisor, isFloat, aggregate }: Growing): Trees {
  const grove = new Grove({
    features: Math.max(1, features.fields.length),
    outputs: leaves.width,
    compare: 'f64',
    sum: isFloat ? 'f32' : 'f64',
    leaf: leaves.width === 1 ? 'scalar' : 'vector',
    nodes: trees.reduce((sum, { count }) => sum + count, 0),
    divisor,
    ...(aggregate === undefined ? {} : { aggregate }),
  })
  for (const words of sets) grove.addSet(words)
  for (const [i, tree] of trees.entries()) grove.add(tree, 0, `segment ${i + 1}`)
  return grove.trees()
}

function numberLeaves(round: (x: number) => number, mayBeNull: boolean): Leaves {
  return { width: 1, mayBeNull, score: (node) => [round(node.number('score'))] }
}

/** Probabilities of a leaf, or its one vote; of a single tree its label, too, which need not be the likeliest class. */
function classLeaves(classes: readonly string[], isVote: boolean, isSingle: boolean): Leaves {
  const positions = new Map(classes.map((name, i) => [name, i]))
  const at = (node: Element, name: string) => {
    const position = positions.get(name)
    if (position === undefined) throw node.malformed(`${JSON.stringify(name.slice(0, 60))} is none of the classes`)
    return position
  }
  const score = (node: Element): number[] => {
    const shares = new Array<number>(classes.length).fill(0)
    const distribution = node.all('ScoreDistribution')
    const label = node.find('score')
    if (isVote || distribution.length === 0) {
      if (label === undefined) throw node.malformed('a leaf without a score')
      if (!isVote && !isSingle) throw node.unsupported('a leaf without probabilities, which are to be averaged')
      shares[at(node, label)] = 1
    } else {
      const stated = distribution.every((one) => one.find('probability') !== undefined)
      const total = distribution.reduce((sum, one) => sum + one.number('recordCount', 0), 0)
      for (const one of distribution) shares[at(one, one.get('value'))] = stated ? one.number('probability') : one.number('recordCount') / total
    }
    if (!isSingle) return shares
    return [...shares, label === undefined ? shares.indexOf(Math.max(...shares)) : at(node, label)]
  }
  return { width: classes.length + (isSingle ? 1 : 0), mayBeNull: false, score }
}

function classified(scope: Scope, classes: readonly string[], value: number, isSingle: boolean): Classification {
  const { builder } = scope
  if (!isSingle) return { kind: 'classification', classes, probabilities: value, position: largest(scope, value) }
  const cells = builder.cells(value)
  const label = builder.gather(cells.slice(-1))
  return {
    kind: 'classification',
    classes,
    probabilities: builder.gather(cells.slice(0, -1)),
    position: builder.add({ op: 'cast', of: [label], to: 'i32' }, 'i32', 1),
  }
}

/** Classes of a model: those of the field it predicts, else those that its leaves name, in the order of the document. */
function classesOf(model: Element, segments: readonly Segment[], { dictionary, target }: Reading): string[] {
  const values = target === undefined ? undefined : dictionary.get(target)?.values
  if (values !== undefined && values.length > 0) return [...values]
  const found = new Set<string>()
  for (const { model: tree } of segments) {
    const open = tree.all('Node')
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      const label = node.find('score')
      if (label !== undefined) found.add(label)
      for (const one of node.all('ScoreDistribution')) found.add(one.get('value'))
      open.push(...node.all('Node').reverse())
    }
  }
  if (found.size === 0) throw model.malformed('a classification without classes')
  return [...found]
}

/** Models of several kinds, brought together by arithmetic. */
function combine(model: Element, members: readonly { readonly result: Result; readonly weight: number }[], scope: Scope, method: string): Result {
  if (!SUMS.has(method)) throw model.unsupported(`models brought together by ${method} are not read`)
  const { builder } = scope
  const isWeighted = method.startsWith('weighted')
  const values = members.map(({ result }) => (result.kind === 'regression' ? result.value : result.probabilities))
  const [first] = members
  const { classes } = first?.result.kind === 'classification' ? first.result : { classes: undefined }
  if (values.some((value) => value === undefined) || members.some(({ result }) => result.kind !== first?.result.kind))
    throw model.unsupported('models of different kinds brought together')
  if (classes !== undefined && members.some(({ result }) => result.kind === 'classification' && result.classes.join('\n') !== classes.join('\n')))
    throw model.unsupported('models of different classes brought together')
  const width = builder.width(values[0] as number)
  const scaled = members.map(({ weight }, i) =>
    isWeighted && weight !== 1
      ? builder.add({ op: 'arithmetic', of: [values[i] as number], operator: 'mul', constant: [weight] }, 'f64', width)
      : (values[i] as number),
  )
  const sum = scaled.reduce((total, value) => builder.add({ op: 'arithmetic', of: [total, value], operator: 'add' }, 'f64', width))
  const divisor = members.reduce((total, { weight }) => total + (isWeighted ? weight : 1), 0)
  const result =
    method === 'sum' || method === 'weightedSum' ? sum : builder.add({ op: 'arithmetic', of: [sum], operator: 'div', constant: [divisor] }, 'f64', width)
  if (classes !== undefined) return { kind: 'classification', classes, probabilities: result, position: largest(scope, result) }
  return { kind: 'regression', value: rescale(scope, model, result) }
}
