import type { ModelFacts } from '@fairlead/contract/control'
import { type EnsembleFacts, type Facts, type Form, factsOf } from '@fairlead/evaluator'
import { formWork } from './work.ts'

/** Most columns whose importance is kept. */
const IMPORTANCE_LIMIT = 200
/** Most values of a column that are kept. */
const KNOWN_LIMIT = 500

/** What a form tells about its model, for people. `parameters` counts the numbers that training set: those of splits and leaves, and weights. */
export function formFacts(form: Form, sizeBytes: number): ModelFacts {
  const facts = factsOf(form, { features: IMPORTANCE_LIMIT })
  const { format, version, objective } = facts.source
  const importance = facts.ensembles.length === 1 ? importanceOf(facts.ensembles[0]!) : undefined
  return {
    format,
    opsets: {},
    ...(version === '' ? {} : { producer: `${format} ${version}` }),
    metadata: objective === '' ? {} : { objective },
    operators: Object.fromEntries(facts.operators.map(({ op, count }) => [op, count])),
    unsupportedOperators: [],
    parameters: parametersOf(form),
    work: formWork(form, facts),
    sizeBytes,
    rewrites: [],
    ...(facts.ensembles.length > 0 ? { trees: treesOf(facts) } : {}),
    ...(importance ? { importance } : {}),
    ...(facts.known.length > 0 ? { known: knownOf(facts) } : {}),
  }
}

function knownOf({ known }: Facts): NonNullable<ModelFacts['known']> {
  return known.slice(0, IMPORTANCE_LIMIT).map(({ name, values }) => ({
    column: name,
    values: values.slice(0, KNOWN_LIMIT),
    more: Math.max(0, values.length - KNOWN_LIMIT),
  }))
}

function parametersOf({ steps }: Form): number {
  let count = 0
  for (const step of steps) {
    if (step.op === 'trees') count += step.trees.value.length + step.trees.vectors.length
    else if (step.op === 'affine') count += step.weights.length + step.bias.length
  }
  return count
}

function treesOf({ ensembles }: Facts): NonNullable<ModelFacts['trees']> {
  const sum = (of: (one: EnsembleFacts) => number) => ensembles.reduce((total, one) => total + of(one), 0)
  const most = (of: (one: EnsembleFacts) => number) => Math.max(...ensembles.map(of))
  return {
    trees: sum(({ trees }) => trees),
    nodes: sum(({ nodes }) => nodes),
    leaves: sum(({ leaves }) => leaves),
    depth: most(({ depth }) => depth.max),
    outputs: most(({ outputs }) => outputs),
  }
}

function importanceOf({ features }: EnsembleFacts): ModelFacts['importance'] {
  if (features.length === 0) return undefined
  const byGain = features.every(({ gain }) => gain !== undefined)
  const columns = features.map(({ name, gain, splits }) => ({ name, value: byGain ? gain! : splits }))
  return { by: byGain ? 'gain' : 'splits', columns: columns.sort((a, b) => b.value - a.value) }
}
