import type { FairleadError } from '@fairlead/contract'
import type { PipelineStep, StepOptions } from '@fairlead/contract/control'
import type { Column } from '../columns.ts'
import { type StepPlace, stepError } from '../step-errors.ts'
import { numbersOf, textsOf } from '../values.ts'
import { countsOf, deviationOf, meanOf, quantileOf, sortedNumbers } from './statistics.ts'

/** What steps are fitted on. */
export interface Fitting {
  index: number
  /** A column as it is before the step. Throws `pipeline-invalid` where there is none. */
  column(name: string, at: string): Column
  /** What the model learns to tell, as a number a row. */
  label: Float64Array | undefined
  /** Digest of the data. */
  digest: string
}

/** Categories that are told apart at most. */
const MOST_CATEGORIES = 10_000

/** The step with the parameters it lacked, learnt from data; the step itself where it lacks none. Throws `pipeline-invalid`. */
export function fitStep(step: PipelineStep, fitting: Fitting): PipelineStep {
  if ('impute' in step) return { impute: each(step.impute, (name, options) => fitImpute(name, options, fitting)) }
  if ('encode' in step) return { encode: each(step.encode, (name, options) => fitEncode(name, options, fitting)) }
  if ('scale' in step) return { scale: each(step.scale, (name, options) => fitScale(name, options, fitting)) }
  return 'bin' in step ? { bin: each(step.bin, (name, options) => fitBin(name, options, fitting)) } : step
}

function each<T>(columns: Record<string, T>, fit: (name: string, options: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(columns).map(([name, options]) => [name, fit(name, options)]))
}

function error({ index }: Fitting, step: string, at: string, reason: string): FairleadError {
  const place: StepPlace = { index, step, at }
  return stepError(place, reason)
}

function numbersIn(name: string, step: string, fitting: Fitting): Float64Array {
  const column = fitting.column(name, name)
  if (column.type !== 'number' && column.type !== 'integer')
    throw error(fitting, step, name, `the column "${name}" is a ${column.type} in the data, and a number is needed`)
  const sorted = sortedNumbers(numbersOf(column), column.nulls)
  if (sorted.length === 0) throw error(fitting, step, name, `the column "${name}" has no number in the data`)
  return sorted
}

type Imputing = StepOptions<'impute'>[string]

function fitImpute(name: string, options: Imputing, fitting: Fitting): Imputing {
  if (options.value !== undefined || options.with === 'constant') return options
  const { digest: fitted } = fitting
  if (options.with === 'mean') return { ...options, value: meanOf(numbersIn(name, 'impute', fitting)), fitted }
  if (options.with === 'median') return { ...options, value: quantileOf(numbersIn(name, 'impute', fitting), 0.5), fitted }
  const [first] = categoriesIn(name, 'impute', fitting)
  return { ...options, value: first!, fitted }
}

/** The values of a column, most frequent first, as the column's type has them. */
function categoriesIn(name: string, step: string, fitting: Fitting): (string | number | boolean)[] {
  const column = fitting.column(name, name)
  if (column.type === 'time' || column.type === 'vector') throw error(fitting, step, name, `a ${column.type} has no categories`)
  const texts = textsOf(column)
  const missing = column.type === 'number' ? Uint8Array.from(texts, (text, row) => (text === 'NaN' || column.nulls?.[row] === 1 ? 1 : 0)) : column.nulls
  const counts = countsOf(texts, missing)
  if (counts.length === 0) throw error(fitting, step, name, `the column "${name}" has no value in the data`)
  if (counts.length > MOST_CATEGORIES)
    throw error(fitting, step, name, `the column "${name}" has ${counts.length} categories, at most ${MOST_CATEGORIES} are told apart`)
  const values = counts.map(([text]) => text)
  if (column.type === 'boolean') return values.map((text) => text === 'true')
  return column.type === 'text' ? values : values.map(Number)
}

type Encoding = StepOptions<'encode'>[string]

function fitEncode(name: string, options: Encoding, fitting: Fitting): Encoding {
  const { digest: fitted } = fitting
  if (options.as === 'hash') return options
  if (options.as === 'target')
    return options.means && options.otherwise !== undefined ? options : { ...options, ...targetMeans(name, options.smoothing, fitting), fitted }
  if (options.categories) return options
  const categories = categoriesIn(name, 'encode', fitting).sort((a, b) => (a < b ? -1 : 1))
  return { ...options, categories, fitted }
}

/** Means of the label by category, pulled to the mean of all by so many rows of it. */
function targetMeans(name: string, smoothing: number, fitting: Fitting): { means: Record<string, number>; otherwise: number } {
  const { label } = fitting
  if (!label) throw error(fitting, 'encode', name, 'means of the label need the label: name its column with --label')
  const column = fitting.column(name, name)
  const texts = textsOf(column)
  const sums = new Map<string, { sum: number; count: number }>()
  const all = { sum: 0, count: 0 }
  for (const [row, text] of texts.entries()) {
    const value = label[row]!
    if (Number.isNaN(value)) continue
    all.sum += value
    all.count++
    if (column.nulls?.[row] === 1) continue
    const own = sums.get(text) ?? { sum: 0, count: 0 }
    sums.set(text, { sum: own.sum + value, count: own.count + 1 })
  }
  if (all.count === 0) throw error(fitting, 'encode', name, 'the label has no value in the data')
  const otherwise = all.sum / all.count
  const means = [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([text, { sum, count }]) => [text, (sum + smoothing * otherwise) / (count + smoothing)])
  return { means: Object.fromEntries(means) as Record<string, number>, otherwise }
}

type Scaling = StepOptions<'scale'>[string]

function fitScale(name: string, options: Scaling, fitting: Fitting): Scaling {
  const { digest: fitted } = fitting
  const sorted = () => numbersIn(name, 'scale', fitting)
  switch (options.as) {
    case 'standard': {
      if (options.mean !== undefined && options.deviation !== undefined) return options
      const values = sorted()
      return { ...options, mean: meanOf(values), deviation: deviationOf(values), fitted }
    }
    case 'min-max': {
      if (options.min !== undefined && options.max !== undefined) return options
      const values = sorted()
      return { ...options, min: values[0]!, max: values.at(-1)!, fitted }
    }
    case 'robust': {
      if (options.median !== undefined && options.range !== undefined) return options
      const values = sorted()
      return { ...options, median: quantileOf(values, 0.5), range: quantileOf(values, 0.75) - quantileOf(values, 0.25), fitted }
    }
    case 'max-abs': {
      if (options.max !== undefined) return options
      const values = sorted()
      return { ...options, max: Math.max(Math.abs(values[0]!), Math.abs(values.at(-1)!)), fitted }
    }
  }
}

type Binning = StepOptions<'bin'>[string]

/** Edges so that each interval has as many rows; fewer where values occur so often that edges would be the same. */
function fitBin(name: string, options: Binning, fitting: Fitting): Binning {
  const { as, bins, edges } = options
  if (as !== 'quantiles' || edges || bins === undefined) return options
  const sorted = numbersIn(name, 'bin', fitting)
  const found = Array.from({ length: bins - 1 }, (_, i) => quantileOf(sorted, (i + 1) / bins))
  const distinct = found.filter((edge, i) => i === 0 || edge > found[i - 1]!)
  if (options.labels && options.labels.length !== distinct.length + 1)
    throw error(
      fitting,
      'bin',
      `${name}.labels`,
      `the data has ${distinct.length + 1} intervals of different edges, and there are ${options.labels.length} labels`,
    )
  return { ...options, edges: distinct, fitted: fitting.digest }
}
