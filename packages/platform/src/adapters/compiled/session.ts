import { type Explanation, FairleadError, type Signature } from '@fairlead/contract'
import type { Elements, Form, Predictor } from '@fairlead/evaluator'
import { WrongInput } from '@fairlead/evaluator/run'
import { type Artifact, type Background, refusedValue, type Session, type Tensor, type Tensors } from '../../domain/inference/index.ts'
import { ByName } from '../../kernel/by-name.ts'
import { type Feed, feedsOf } from '../../model/compiled/feeds.ts'
import { type Answer, answersFor } from './answers.ts'
import { type Encode, encoderOf } from './encode.ts'
import type { BackgroundRows, FormExplainer } from './explain.ts'

/** How an input of the form is filled from tensors. */
interface Source {
  width: number
  /** The tensor that is the input, number for number; else the input is put together from parts. */
  whole: Part | undefined
  parts: Part[]
  make(length: number): Elements
}

interface Part {
  feed: Feed
  encode: Encode | undefined
}

/**
 * A form in memory, as a session. What a run needs beside the answers is made once: rows go into the module's memory as they lie in
 * their tensor, and only inputs that are put together from several tensors, or from texts, go through an array of their own.
 */
export class CompiledSession implements Session {
  readonly #sources: Source[]
  readonly #answers: Answer[]
  readonly #signature: Signature
  #predictor: Predictor | undefined
  readonly #background: Background | undefined
  #explainer: FormExplainer | undefined

  constructor(predictor: Predictor, { signature, background }: Pick<Artifact, 'signature' | 'background'>) {
    this.#signature = signature
    this.#background = background
    const { form } = predictor
    const parts = feedsOf(form).map((feed): Part => ({ feed, encode: encoderOf(feed, form) }))
    this.#sources = form.inputs.map(({ width, type }, at) => {
      const own = parts.filter(({ feed }) => feed.input === at)
      const [first] = own
      const whole = own.length === 1 && first && first.encode === undefined ? first : undefined
      return { width, whole, parts: own, make: arrayOf(type) }
    })
    this.#answers = answersFor(predictor)
    this.#predictor = predictor
  }

  runSync(inputs: Tensors): Tensors {
    const predictor = this.#loaded()
    const rows = this.#rowsOf(inputs)
    const filled = this.#filled(inputs, rows)
    const answers = this.#answers
    const found = new Array<Elements>(answers.length)
    for (let at = 0; at < answers.length; at++) found[at] = answers[at]!.make(rows)
    try {
      predictor.runInto(filled, rows, found)
    } catch (cause) {
      throw told(cause, predictor.form)
    }
    const outputs: Tensors = new ByName()
    for (let at = 0; at < answers.length; at++) outputs[answers[at]!.name] = answers[at]!.tensor(found[at]!, rows)
    return outputs
  }

  async explain(inputs: Tensors): Promise<Explanation[]> {
    const { form } = this.#loaded()
    // loaded when the first explanation is asked for: most sessions are never asked for one
    const { FormExplainer } = await import('./explain.ts')
    this.#explainer ??= new FormExplainer(form, this.#signature, this.#backgroundRows())
    const rows = this.#rowsOf(inputs)
    const filled = this.#filled(inputs, rows)
    try {
      return this.#explainer.explain(filled, inputs, rows)
    } catch (cause) {
      throw cause instanceof FairleadError ? cause : told(cause, form)
    }
  }

  async run(inputs: Tensors): Promise<Tensors> {
    return this.runSync(inputs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#predictor = undefined
    this.#explainer = undefined
  }

  #backgroundRows(): BackgroundRows | undefined {
    if (!this.#background) return undefined
    const { inputs, from } = this.#background
    const rows = this.#rowsOf(inputs)
    return { inputs: this.#filled(inputs, rows), rows, from }
  }

  #loaded(): Predictor {
    if (!this.#predictor) throw new FairleadError('model-run-failed', 'the model was unloaded')
    return this.#predictor
  }

  /** The inputs of the form. */
  #filled(inputs: Tensors, rows: number): Elements[] {
    const sources = this.#sources
    const filled = new Array<Elements>(sources.length)
    for (let at = 0; at < sources.length; at++) filled[at] = fill(sources[at]!, inputs, rows)
    return filled
  }

  /** Rows of the tensors; throws for one that is missing or is not what the input takes. */
  #rowsOf(inputs: Tensors): number {
    let rows: number | undefined
    for (const { parts } of this.#sources) {
      for (const { feed } of parts) {
        const tensor = inputs[feed.tensor]
        if (!tensor) throw refused(feed, 'is missing')
        if (tensor.type !== feed.type) throw refused(feed, `takes ${feed.type}, not ${tensor.type}`)
        const own = tensor.shape[0] ?? 1
        rows ??= own
        if (own !== rows || tensor.data.length !== rows * feed.width)
          throw refused(feed, `takes ${feed.width} values a row, not the shape [${tensor.shape}] for ${rows} rows`)
      }
    }
    return rows ?? 0
  }
}

function told(cause: unknown, { inputs }: Form): FairleadError {
  if (!(cause instanceof WrongInput) || cause.row === undefined)
    return new FairleadError('model-run-failed', `the model failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  const { input, row, column, what: detail } = cause
  // without a column it is a value that something behind the inputs was made of
  if (column === undefined) return refusedValue('value-unknown', { row, detail })
  const { columns, width } = inputs.find(({ name }) => name === input)!
  return refusedValue('value-missing', { row, name: columns ? column : width === 1 ? input : `${input}[${column}]`, detail })
}

function refused({ tensor }: Feed, why: string): FairleadError {
  return new FairleadError('model-run-failed', `the input tensor "${tensor}" ${why}`)
}

function fill({ whole, parts, width, make }: Source, inputs: Tensors, rows: number): Elements {
  if (whole) return inputs[whole.feed.tensor]!.data as Elements
  const elements = make(rows * width)
  for (const part of parts) place(part, inputs[part.feed.tensor]!, { elements, rows, width })
  return elements
}

function place({ feed, encode }: Part, tensor: Tensor, into: { elements: Elements; rows: number; width: number }): void {
  const { elements, rows, width } = into
  if (encode) {
    encode(tensor, elements, { offset: feed.offset, width })
    return
  }
  const source = tensor.data as Float64Array
  const target = elements as Float64Array
  if (feed.width === 1) for (let row = 0, at = feed.offset; row < rows; row++, at += width) target[at] = source[row]!
  else for (let row = 0; row < rows; row++) for (let k = 0; k < feed.width; k++) target[row * width + feed.offset + k] = source[row * feed.width + k]!
}

function arrayOf(type: string): (length: number) => Elements {
  if (type === 'f32') return (length) => new Float32Array(length)
  if (type === 'f64') return (length) => new Float64Array(length)
  if (type === 'i64') return (length) => new BigInt64Array(length)
  return type === 'bool' ? (length) => new Uint8Array(length) : (length) => new Int32Array(length)
}
