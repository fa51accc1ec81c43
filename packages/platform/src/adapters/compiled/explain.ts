import { type ExplainedOutput, type Explanation, FairleadError, type Signature } from '@fairlead/contract'
import type { Elements, Form } from '@fairlead/evaluator'
import { type Explainer, explainer, type Shown, topReasons, Unexplainable } from '@fairlead/evaluator/explain'
import type { Tensor, Tensors } from '../../domain/inference/index.ts'
import { feedsOf } from '../../model/compiled/feeds.ts'

/** Reasons in words of one output. */
const REASONS = 5
/** Contributions of one answer, at most: each is a member of an object and some twenty bytes of JSON. */
const MOST_NUMBERS = 4_000_000

const NO_ROWS =
  'the model file does not say how many training rows passed each node of its trees, and fewer than two rows came with it: ' +
  'import it with golden rows (--golden), or with an example of two rows or more'

/** A column as people know it, and where its value stands in the tensors; without a tensor for one that is derived. */
interface Named {
  name: string
  tensor?: string
  offset: number
  width: number
}

/** Rows against which answers are explained, as the inputs of the form. */
export interface BackgroundRows extends NonNullable<Explanation['background']> {
  inputs: readonly Elements[]
}

/** Explains the answers of a form under the names of its signature. */
export class FormExplainer {
  readonly #form: Form
  readonly #explainer: Explainer
  readonly #means: Pick<Explanation, 'method' | 'background'>
  readonly #columns: Named[]
  readonly #names: string[]
  readonly #classes: readonly (string | number)[] | undefined

  /** The background counts where the form does not say how its training rows went. Throws `explanation-unavailable` with the reason. */
  constructor(form: Form, signature: Signature, background: BackgroundRows | undefined) {
    this.#form = form
    const { explainer: found, against } = made(form, background)
    this.#explainer = found
    this.#means = { method: found.method, ...(against ? { background: { rows: against.rows, from: against.from } } : {}) }
    const { columns, derived } = this.#explainer
    this.#columns = derived ? columns.map((name) => ({ name, offset: 0, width: 1 })) : columnsOf(form, signature)
    this.#names = this.#columns.map(({ name }) => name)
    this.#classes = classesOf(signature, this.#explainer)
  }

  /** `inputs` are the form's, `tensors` what they were made of. */
  explain(inputs: readonly Elements[], tensors: Tensors, rows: number): Explanation[] {
    const { outputs } = this.#explainer
    const line = this.#columns.length + 1
    refuseMany(rows, outputs * line)
    const contributions = this.#contributions(inputs, rows)
    return Array.from({ length: rows }, (_, row) => {
      const shown = this.#columns.map((column) => valueAt(column, tensors, row))
      const of = (output: number) => this.#output(contributions.subarray((row * outputs + output) * line, (row * outputs + output + 1) * line), output, shown)
      return { ...this.#means, outputs: Array.from({ length: outputs }, (_, output) => of(output)) }
    })
  }

  /** Throws `explanation-unavailable` for more than one answer can hold. */
  #contributions(inputs: readonly Elements[], rows: number): Float64Array {
    try {
      return this.#explainer.explain(named(this.#form, inputs), rows)
    } catch (cause) {
      throw told(cause)
    }
  }

  #output(numbers: Float64Array, output: number, row: Shown[]): ExplainedOutput {
    const of = this.#classes?.[output] ?? (this.#explainer.outputs === 1 ? undefined : output)
    return {
      ...(of === undefined ? {} : { of: String(of) }),
      margin: numbers.reduce((sum, number) => sum + number, 0),
      bias: numbers[numbers.length - 1]!,
      contributions: Object.fromEntries(this.#names.map((name, at) => [name, numbers[at]!])),
      reasons: topReasons(numbers, this.#names, row, REASONS).map(({ text }) => text),
    }
  }
}

function refuseMany(rows: number, numbers: number): void {
  const most = Math.floor(MOST_NUMBERS / numbers)
  if (rows <= most) return
  if (most === 0) throw new FairleadError('explanation-unavailable', `an explanation of one row has ${numbers} numbers, more than ${MOST_NUMBERS}`)
  throw new FairleadError('rows-too-many', `${rows} rows to explain by ${numbers} numbers each: at most ${most} are explained at once`)
}

/** An explainer, and the rows against which it explains. */
interface Made {
  explainer: Explainer
  against?: BackgroundRows
}

/** Trees are explained by what their file says of the training rows, where it does; else, and linear models always, against rows that came with them. */
function made(form: Form, background: BackgroundRows | undefined): Made {
  try {
    const plain = explainer(form)
    const linear = plain.method === 'linear' && background ? againstMeans(form, background) : undefined
    return linear && background ? { explainer: linear, against: background } : { explainer: plain }
  } catch (cause) {
    if (!(cause instanceof Unexplainable && cause.reason === 'no-cover')) throw told(cause)
    if (!background) throw new FairleadError('explanation-unavailable', NO_ROWS, { cause })
  }
  try {
    return { explainer: explainerAgainst(form, background), against: background }
  } catch (cause) {
    throw told(cause)
  }
}

function explainerAgainst(form: Form, { inputs, rows }: BackgroundRows): Explainer {
  return explainer(form, { background: { rows: named(form, inputs), count: rows } })
}

/** A linear model against the means of some rows; not where a value that is missing leaves a column without a mean, or a row is refused. */
function againstMeans(form: Form, background: BackgroundRows): Explainer | undefined {
  try {
    const found = explainerAgainst(form, background)
    const first = background.inputs.map((input) => input.slice(0, input.length / background.rows))
    const numbers = found.explain(named(form, first), 1)
    const line = numbers.length / found.outputs
    return numbers.every((number, at) => at % line !== line - 1 || Number.isFinite(number)) ? found : undefined
  } catch {
    return undefined
  }
}

function told(cause: unknown): unknown {
  return cause instanceof Unexplainable ? new FairleadError('explanation-unavailable', cause.message, { cause }) : cause
}

function named({ inputs }: Form, rows: readonly Elements[]): Record<string, Elements> {
  return Object.fromEntries(inputs.map(({ name }, at) => [name, rows[at]!]))
}

/** The columns of the form's inputs, one input after the other, by their names in the signature. */
function columnsOf(form: Form, { columns }: Signature): Named[] {
  const first = firsts(form)
  const named: Named[] = []
  for (const { tensor, input, offset: from, width, names } of feedsOf(form)) {
    const own = columns.filter((column) => column.tensor === tensor)
    for (let offset = 0; offset < width; offset++) {
      const column = own.find(({ index = 0, shape }) => (shape?.length ? true : index === offset))
      const name = column === undefined ? (names?.[offset] ?? `${tensor}[${offset}]`) : column.shape?.length ? `${column.name}[${offset}]` : column.name
      named[first[input]! + from + offset] = { name, tensor, offset, width }
    }
  }
  return named
}

/** Number of each input's first column among those of all inputs. */
function firsts({ inputs }: Form): number[] {
  let next = 0
  return inputs.map(({ width }) => {
    next += width
    return next - width
  })
}

/** What the outputs stand for, by the labels that the signature gives. */
function classesOf({ fields }: Signature, { classes, outputs }: Explainer): readonly (string | number)[] | undefined {
  const labels = fields.find(({ kind }) => kind === 'probabilities')?.classes
  if (labels && (labels.length === outputs || (outputs === 1 && labels.length === 2))) return outputs === 1 ? labels.slice(-1) : labels
  return classes
}

function valueAt({ tensor: name, offset, width }: Named, tensors: Tensors, row: number): Shown {
  if (name === undefined) return undefined
  const { data, nulls, type } = tensors[name] as Tensor
  const at = row * width + offset
  if (nulls?.[at]) return null
  return type === 'bool' ? data[at] === 1 : data[at]!
}
