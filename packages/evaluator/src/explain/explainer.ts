import { WrongInput } from '../engine/index.ts'
import { checkForm } from '../form/check/index.ts'
import type { Form } from '../form/form.ts'
import type { WasmModule } from '../kernels/index.ts'
import { type Grouping, grouped, grouping, isDirect } from './grouping.ts'
import { LinearMethod } from './linear.ts'
import type { Matrix, Method } from './method.ts'
import { PairMethod } from './pairs.ts'
import { PathMethod } from './paths.ts'
import { type ModelRows, preparation } from './prepare.ts'
import { type Subject, subject } from './subject.ts'
import { Unexplainable } from './unexplainable.ts'

export interface ExplainOptions {
  /**
   * Rows that stand for the data at large, a hundred or so. With them a column's contribution is the difference that its
   * value makes against theirs (interventional SHAP); without, the training rows counted in the trees are asked
   * (path-dependent SHAP), and linear models contribute weight · value.
   */
  readonly background?: { readonly rows: ModelRows; readonly count: number }
  /** The compiled kernels (`WebAssembly.Module` of `explainBytes()` and of `kernelBytes()`), for runtimes that forbid compiling. */
  readonly modules?: { readonly explain: WasmModule; readonly kernels: WasmModule }
}

/** Explains the answers of one model. */
export interface Explainer {
  /** What contributions are given for: the columns of the form's inputs, one input after the other, or columns derived from them. */
  readonly columns: readonly string[]
  /** Whether the columns are not the inputs' own, because a step before the model mixes them. */
  readonly derived: boolean
  /** Sums that the model makes before they become predictions: one, or one for each class or target. */
  readonly outputs: number
  /** What the outputs stand for, where the form says so. */
  readonly classes?: readonly (string | number)[]
  readonly method: 'path-dependent' | 'interventional' | 'linear'
  /**
   * What each column adds to the model's sums, with the bias after the columns: `[rows × outputs × (columns + 1)]`. The
   * numbers of one row and output add up to the model's margin.
   *
   * @throws WrongInput for arrays of another length or type; Unexplainable for more rows than one answer can hold
   */
  explain(rows: ModelRows, count: number): Float64Array
}

/** Numbers of one answer, at most: 2 GiB. */
const MOST = 2 ** 28

/**
 * An explainer of a model: exact SHAP values of tree ensembles, contributions of linear models. They explain the margin,
 * the model's sums before sigmoid, softmax or exponential. Steps before the model that work column by column, encode columns
 * or put them together are seen through: what the model's columns contribute is summed up for the input's. Where other
 * steps come before, the model's own columns are explained.
 *
 * @throws UnreadableModel for a form that is not sound; Unexplainable when the form's answers cannot be explained, saying why
 */
export function explainer(form: Form, { background, modules }: ExplainOptions = {}): Explainer {
  checkForm(form)
  const { step, ...about } = subject(form)
  const prepared = preparation(form, step.of[0], modules?.kernels)
  if (background?.count === 0) throw new WrongInput('the background has no rows', { input: form.inputs[0]?.name ?? '' })
  const { name, method } = methodOf(step, background && { data: prepared(background.rows, background.count), count: background.count }, modules?.explain)
  const columns = grouping(form, step.of[0])
  return {
    ...about,
    columns: columns.columns,
    derived: columns.derived,
    method: name,
    explain: (rows, count) => explained(method, columns, { data: prepared(rows, count), count }),
  }
}

function methodOf(step: Subject['step'], background: Matrix | undefined, module: WasmModule | undefined): { name: Explainer['method']; method: Method } {
  if (step.op === 'affine') return { name: 'linear', method: new LinearMethod(step, background) }
  if (background) return { name: 'interventional', method: new PairMethod(step.trees, background, module) }
  return { name: 'path-dependent', method: new PathMethod(step.trees, module) }
}

function explained(method: Method, columns: Grouping, { data, count }: Matrix): Float64Array {
  const width = columns.to.length
  const line = width + 1
  const outputs = method.bias.length
  if (count * outputs * line > MOST) throw new Unexplainable('too-large', `${count} rows of ${outputs} × ${line} numbers are too many at once`)
  const contributions = new Float64Array(count * outputs * line)
  if (count > 0) method.explain(data, count, contributions)
  for (let at = 0; at < count * outputs; at++) contributions[at * line + width] = method.bias[at % outputs]!
  return isDirect(columns) ? contributions : grouped(contributions, columns)
}
