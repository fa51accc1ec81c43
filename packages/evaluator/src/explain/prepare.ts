import { elementsOf } from '../engine/elements.ts'
import { compile, type InputData, WrongInput } from '../engine/index.ts'
import { kindsOf } from '../form/check/values.ts'
import type { Elements } from '../form/element.ts'
import { type Form, type Input, NO_TEXT } from '../form/form.ts'
import type { WasmModule } from '../kernels/index.ts'

/** Rows of a model: by name an array for each input of its form, `rows × width` elements row after row; of a form with one input that array alone. */
export type ModelRows = Float32Array | Float64Array | Readonly<Record<string, InputData>>

/** From rows of a form's inputs to rows of one of its values. */
export type Preparation = (rows: ModelRows, count: number) => Elements

/**
 * How the value that a model reads is made from the form's inputs. What comes back is worked on at once: it may be the
 * caller's own array.
 */
export function preparation(form: Form, value: number, module?: WasmModule): Preparation {
  const input = form.inputs[value]
  if (input) return (rows, count) => taken(input, named(form, rows)[input.name], count)
  const before = {
    ...form,
    steps: form.steps.slice(0, value + 1 - form.inputs.length),
    outputs: [{ name: 'prepared', value, role: 'other' as const, rank: 2 as const }],
  }
  const { type, width } = kindsOf(form)[value]!
  const predictor = compile(before, module ? { module } : {})
  const positions = new Map(form.texts.map((text, at) => [text, at]))
  return (rows, count) => {
    const data = named(form, rows)
    const inputs = form.inputs.map((input) => taken(input, encoded(data[input.name], positions), count))
    const prepared = elementsOf(type, count * width)
    predictor.runInto(inputs, count, [prepared])
    return prepared
  }
}

/** Texts as their positions among those that the form speaks of; null where there is none. */
function encoded(data: InputData | undefined, positions: ReadonlyMap<string, number>): InputData | undefined {
  if (!Array.isArray(data)) return data
  return Int32Array.from(data as readonly (string | null)[], (text) => (text === null ? NO_TEXT : (positions.get(text) ?? -1)))
}

function named(form: Form, rows: ModelRows): Readonly<Record<string, InputData>> {
  if (!(rows instanceof Float32Array || rows instanceof Float64Array)) return rows
  const [input, second] = form.inputs
  if (!input || second) throw new WrongInput(`the model has ${form.inputs.length} inputs: give their rows by name`, { input: input?.name ?? '' })
  return { [input.name]: rows }
}

/** Rounded to the input's type, which the rows of a float64 array need not have. */
function taken({ name, type, width }: Input, data: InputData | undefined, count: number): Elements {
  if (!data) throw new WrongInput('is missing', { input: name })
  if (data.length !== count * width) throw new WrongInput(`${data.length} elements for ${count} rows of ${width}`, { input: name })
  if (!ArrayBuffer.isView(data)) throw new WrongInput(`takes elements of ${type}`, { input: name })
  return type === 'f32' && data instanceof Float64Array ? Float32Array.from(data) : data
}
