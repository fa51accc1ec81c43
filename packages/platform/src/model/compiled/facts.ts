import type { ModelFacts } from '@fairlead/contract/control'
import type { Form, Trees } from '@fairlead/evaluator'

/** Most columns whose importance is kept. */
const IMPORTANCE_LIMIT = 200

/** What a form tells about its model, for people. `parameters` counts the numbers that training set: thresholds, leaves and weights. */
export function formFacts(form: Form, sizeBytes: number): ModelFacts {
  const ensembles = form.steps.flatMap((step) => (step.op === 'trees' ? [step.trees] : []))
  const operators = new Map<string, number>()
  let parameters = 0
  for (const step of form.steps) {
    operators.set(step.op, (operators.get(step.op) ?? 0) + 1)
    if (step.op === 'trees') parameters += step.trees.value.length + step.trees.vectors.length
    else if (step.op === 'affine') parameters += step.weights.length + step.bias.length
  }
  const { format, version, objective } = form.source
  const importance = ensembles.length === 1 ? importanceOf(ensembles[0]!, columnNames(form)) : undefined
  return {
    format,
    opsets: {},
    ...(version === '' ? {} : { producer: `${format} ${version}` }),
    metadata: objective === '' ? {} : { objective },
    operators: Object.fromEntries([...operators].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))),
    unsupportedOperators: [],
    parameters,
    sizeBytes,
    rewrites: [],
    ...(ensembles.length > 0 ? { trees: treeFacts(ensembles) } : {}),
    ...(importance ? { importance } : {}),
  }
}

/** Names of the columns that a form's trees see; undefined where they see something made of the columns. */
function columnNames({ inputs, steps }: Form): string[] | undefined {
  const trees = steps.find((step) => step.op === 'trees')
  let at = trees?.of[0]
  while (at !== undefined && at >= inputs.length) {
    const step = steps[at - inputs.length]!
    at = step.op === 'cast' || step.op === 'replace' ? step.of[0] : undefined
  }
  return at === undefined ? undefined : inputs[at]?.columns?.map(({ name }) => name)
}

function treeFacts(ensembles: readonly Trees[]): NonNullable<ModelFacts['trees']> {
  let [trees, nodes, leaves, depth, outputs] = [0, 0, 0, 0, 0]
  for (const ensemble of ensembles) {
    trees += ensemble.roots.length
    nodes += ensemble.feature.length
    outputs = Math.max(outputs, ensemble.outputs)
    for (const feature of ensemble.feature) if (feature < 0) leaves++
    for (const root of ensemble.roots) depth = Math.max(depth, depthOf(ensemble, root))
  }
  return { trees, nodes, leaves, depth, outputs }
}

/** Splits on the longest way from a root to a leaf. Level by level: how deep a tree is must not cost stack. */
function depthOf({ feature, yes, no }: Trees, root: number): number {
  let level = [root]
  for (let depth = 0; ; depth++) {
    const below: number[] = []
    for (const node of level) if (feature[node]! >= 0) below.push(yes[node]!, no[node]!)
    if (below.length === 0) return depth
    level = below
  }
}

function importanceOf({ feature, gain, features }: Trees, names: readonly string[] | undefined): ModelFacts['importance'] {
  if (!names) return undefined
  const sums = new Float64Array(features)
  for (const [node, column] of feature.entries()) if (column >= 0) sums[column]! += gain ? gain[node]! : 1
  const columns = names
    .map((name, column) => ({ name, value: sums[column]! }))
    .filter(({ value }) => value > 0)
    .sort((a, b) => b.value - a.value)
  return { by: gain ? 'gain' : 'splits', columns: columns.slice(0, IMPORTANCE_LIMIT) }
}
