import type { Kind } from '../form/check/values.ts'
import type { Form } from '../form/form.ts'
import type { Step } from '../form/steps.ts'

/** What a column of a value is, in the words of the model's inputs. */
export interface Origin {
  /** As people read it: `age`, `scaled age`, `purpose = car`. */
  readonly name: string
  /** The input and the column of it that it comes from; not there where several come together. */
  readonly input?: number
  readonly column?: number
  /** Set where the column is 1 for one category of `of`, and 0 for the others. */
  readonly category?: { readonly of: string; readonly value: string }
}

/** How a column's name is said after a step that works on each column by itself; '' where it stays what it was. */
const said: { readonly [Op in Step['op']]?: (step: Extract<Step, { op: Op }>) => string } = {
  cast: () => '',
  replace: () => '',
  scale: () => 'scaled',
  normalize: () => 'normalized',
  lookup: () => 'code of',
  unary: (step) => `${step.function} of`,
}

/** More words than these before a name say nothing to anybody. */
const mostWords = 4

/** Follows a column back to the input that it comes from. */
export function originOf(form: Form, kinds: readonly Kind[], { value, column }: { value: number; column: number }): Origin {
  const words: string[] = []
  let category: string | undefined
  let at = { value, column }
  for (;;) {
    const step = form.steps[at.value - form.inputs.length]
    if (step === undefined) return named(inputColumn(form, at), words, category)
    const word = (said[step.op] as ((step: Step) => string) | undefined)?.(step)
    if (step.op === 'columns') at = { value: step.of[0], column: step.indices[at.column]! }
    else if (step.op === 'concat') at = partOf(step.of, kinds, at.column)
    else if (step.op === 'onehot' && category === undefined) {
      const position = step.categories[at.column]!
      category = kinds[step.of[0]]!.type === 'text' ? (form.texts[position] ?? 'none') : String(position)
      at = { value: step.of[0], column: 0 }
    } else if (word === undefined) return named({ name: `column ${at.column} of step ${at.value - form.inputs.length} (${step.op})` }, words, category)
    else {
      if (word !== '' && category === undefined && words.length < mostWords) words.push(word)
      at = { value: step.of[0]!, column: at.column }
    }
  }
}

function named(origin: Origin, words: readonly string[], category: string | undefined): Origin {
  if (category === undefined) return words.length === 0 ? origin : { ...origin, name: [...words, origin.name].join(' ') }
  return {
    ...origin,
    name: [...words, `${origin.name} = ${category}`].join(' '),
    ...(words.length === 0 ? { category: { of: origin.name, value: category } } : {}),
  }
}

function inputColumn({ inputs }: Form, { value, column }: { value: number; column: number }): Origin {
  const { name, width, columns } = inputs[value]!
  return { name: columns?.[column]?.name ?? (width === 1 ? name : `${name}[${column}]`), input: value, column }
}

function partOf(of: readonly number[], kinds: readonly Kind[], column: number): { value: number; column: number } {
  let rest = column
  for (const value of of) {
    const { width } = kinds[value]!
    if (rest < width) return { value, column: rest }
    rest -= width
  }
  throw new RangeError(`column ${column} of ${column - rest}`)
}
