import type { InputColumn, OutputField, Signature } from '@fairlead/contract'
import { isInteger } from '@fairlead/contract'
import { classesOf } from '../classes.ts'
import type { Binding, ModelCall, ModelColumn } from '../plan.ts'
import type { Scope } from '../scope.ts'
import { COLUMN_WORDS, columnTypeOf } from '../values.ts'

/** `model`: the columns so far become the model's, and its answers are there for the steps behind it. */
export function compileModel(signature: Signature, scope: Scope): void {
  const inputs = signature.inputs.map((spec) => ({
    spec,
    columns: signature.columns.filter(({ tensor }) => tensor === spec.name).map((column) => feed(column, scope)),
  }))
  const call: ModelCall = { step: scope.step.index, inputs }
  const { at, level } = scope.plan.call(call)
  scope.afterModel = true
  for (const field of signature.fields) scope.bind(answer(field, { signature, at, level }))
}

/** Where a column of the model comes from. Throws `pipeline-invalid` where there is none of its name, or one of another type. */
function feed(column: InputColumn, scope: Scope): ModelColumn {
  const { name } = column
  const binding = scope.find(name)
  if (!binding) throw scope.error(name, `the model needs the column "${name}" (${column.type}), and no step makes it`)
  const { column: own, source } = binding
  const same = own?.type === column.type && sameShape(own, column)
  if (own && same) scope.reach(own, column)
  // a null that the model does not take is looked for row by row
  if (same && source?.from === 'request' && (own.optional !== true || column.optional === true)) return { column, from: { request: source.tensor } }
  const fault = fitFault(binding, column)
  if (fault !== undefined) throw scope.error(name, fault)
  return { column, from: { place: scope.materialise(binding) } }
}

function sameShape(a: InputColumn, b: InputColumn): boolean {
  return String(a.shape ?? []) === String(b.shape ?? [])
}

/** Why a column does not fit that of a model. */
function fitFault({ spec }: Binding, column: InputColumn): string | undefined {
  const wanted = (column.shape ?? []).length > 0 ? 'vector' : columnTypeOf(column.type)
  const numeric = wanted === 'number' || wanted === 'integer'
  const fits = spec.type === wanted || (numeric && (spec.type === 'number' || spec.type === 'integer' || spec.type === 'boolean'))
  if (fits && wanted !== 'vector') return undefined
  return `the model's column "${column.name}" is of type ${column.type}, and here it is ${COLUMN_WORDS[spec.type]}; cast, encode or derive it first`
}

/** Names of a field's values: its classes, else the places along the tensor's last dimension; none where they vary. */
function keysOf(field: OutputField, signature: Signature): string[] | undefined {
  const keys = field.kind === 'probabilities' ? classesOf(field, signature) : placesIn(field.shape)
  return keys.length > 0 ? keys : undefined
}

const MOST_KEYS = 10_000

function placesIn(shape: readonly number[] = []): string[] {
  const size = shape.reduce((product, n) => product * n, 1)
  return size > 0 && size <= MOST_KEYS ? Array.from({ length: size }, (_, i) => String(i)) : []
}

function answer(field: OutputField, { signature, at, level }: { signature: Signature; at: number; level: number }): Binding {
  const { name, kind, type, tensor, classes } = field
  const source = { from: at, tensor, type }
  const base = { level, field, answered: true }
  if (kind === 'probabilities' || kind === 'values') {
    const keys = keysOf(field, signature)
    return { ...base, spec: { name, type: 'vector', nullable: false }, source, ...(keys ? { keys } : {}) }
  }
  const labelled = kind === 'label' && classes !== undefined && isInteger(type)
  return {
    ...base,
    spec: { name, type: labelled ? 'text' : columnTypeOf(type), nullable: false },
    source: { ...source, offset: 0, ...(labelled ? { classes } : {}) },
    ...(kind === 'label' && classes ? { labels: classes } : {}),
  }
}
