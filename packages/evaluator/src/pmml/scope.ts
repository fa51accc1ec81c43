import { FormBuilder } from '../form/builder.ts'
import { type Input, NO_TEXT } from '../form/form.ts'
import type { Element } from './element.ts'

/** A field as a model works on it: numbers (bools as 0 and 1), or the codes of its categories; NaN is missing. */
export interface Field {
  readonly value: number
  /** Type of the numbers: PMML's `float` is compared after rounding its constants to it. */
  readonly type: 'number' | 'float' | 'bool' | 'codes'
  /** Codes of categories by their text; more are given to texts that predicates name where `open` says so. */
  readonly codes?: Codes
  /** Inputs whose missing values reach it. */
  readonly from: readonly number[]
}

/** The categories of a field, and the table that makes codes of them while the form runs. */
export class Codes {
  private readonly byText = new Map<string, number>()
  private readonly add: (text: string, code: number) => void
  private readonly isOpen: boolean
  private readonly closed: boolean
  private readonly isNumber: boolean

  constructor(
    texts: readonly string[],
    options: { readonly open: boolean; readonly closed?: boolean; readonly numbers: boolean; add(text: string, code: number): void },
  ) {
    this.isOpen = options.open
    this.closed = options.closed === true
    this.isNumber = options.numbers
    this.add = options.add
    for (const text of texts) this.insert(text)
  }

  /** Whether rows with other texts are refused, so that the codes are all there are. */
  get isClosed(): boolean {
    return this.closed
  }

  get texts(): readonly string[] {
    return [...this.byText.keys()]
  }

  /** The code of a text; −1 for one that the field never has. */
  of(written: string): number {
    const text = this.plain(written)
    const known = this.byText.get(text)
    if (known !== undefined) return known
    return this.isOpen ? this.insert(text) : -1
  }

  private plain(text: string): string {
    return this.isNumber ? String(Number(text)) : text
  }

  private insert(written: string): number {
    const text = this.plain(written)
    const known = this.byText.get(text)
    if (known !== undefined) return known
    const code = this.byText.size
    this.byText.set(text, code)
    this.add(text, code)
    return code
  }
}

/** What a document's models share while the form is built. */
export class Shared {
  readonly builder: FormBuilder
  /** Inputs that must hold something: a model refuses rows without, or has no answer for them. */
  readonly required = new Set<number>()

  constructor(inputs: readonly Input[]) {
    this.builder = new FormBuilder(inputs)
  }
}

/** The fields that an element can speak of: its own, and those of the elements around it. */
export class Scope {
  readonly shared: Shared
  private readonly fields = new Map<string, Field>()
  private readonly parent: Scope | undefined

  constructor(shared: Shared, parent?: Scope) {
    this.shared = shared
    this.parent = parent
  }

  get builder(): FormBuilder {
    return this.shared.builder
  }

  inner(): Scope {
    return new Scope(this.shared, this)
  }

  define(name: string, field: Field): void {
    this.fields.set(name, field)
  }

  find(name: string): Field | undefined {
    return this.fields.get(name) ?? this.parent?.find(name)
  }

  /** The field of a name. Throws UnreadableModel when there is none. */
  get(name: string, element: Element): Field {
    const field = this.find(name)
    if (field === undefined) throw element.malformed(`there is no field ${JSON.stringify(name.slice(0, 100))}`)
    return field
  }

  /** A field of numbers. */
  number(name: string, element: Element): Field {
    const field = this.get(name, element)
    if (field.type === 'codes') throw element.unsupported(`the field ${name} holds categories where numbers are taken`)
    return field
  }

  /** Says that the model at hand has no answer where these fields are missing. */
  require(fields: readonly Field[]): void {
    for (const { from } of fields) for (const input of from) this.shared.required.add(input)
  }
}

/** A constant as a field of its type holds it: a number, 1 or 0 for a bool, the code of a category. */
export function constantOf(field: Field, text: string, element: Element): number {
  if (field.codes !== undefined) return field.codes.of(text)
  if (field.type === 'bool') {
    if (/^(true|1|1\.0)$/i.test(text)) return 1
    if (/^(false|0|0\.0)$/i.test(text)) return 0
    throw element.malformed(`${JSON.stringify(text.slice(0, 60))} is neither true nor false`)
  }
  const number = Number(text)
  if (text.trim() === '' || Number.isNaN(number)) throw element.malformed(`${JSON.stringify(text.slice(0, 60))} is not a number`)
  return field.type === 'float' ? Math.fround(number) : number
}

/** A column of categories as codes. What is not listed becomes `other`, or refuses the row where that is undefined. */
export function codeField(
  scope: Scope,
  {
    value,
    from,
    texts,
    missing,
    other,
    open,
  }: { value: number; from: readonly number[]; texts: readonly string[]; missing: readonly string[]; other: number | undefined; open: boolean },
): Field {
  const { builder } = scope
  const isText = builder.type(value) === 'text'
  const key = (text: string) => (isText ? builder.text(text) : Number(text))
  const none = isText ? NO_TEXT : Number.NaN
  if (other === undefined) {
    // Only a one-hot step can refuse a row; its position then becomes the code. What is missing comes first, so that codes can follow.
    const keys = [none, ...missing.map(key)]
    const before = keys.length
    const codes = new Codes(texts, { open: false, closed: true, numbers: !isText, add: (text) => keys.push(key(text)) })
    const hot = builder.add({ op: 'onehot', of: [value], categories: keys, unknown: 'error', to: 'f64' }, 'f64', keys.length)
    const position = builder.add({ op: 'argmax', of: [hot], last: false }, 'i32', 1)
    const code = builder.add(
      {
        op: 'lookup',
        of: [position],
        keys: keys.map((_, i) => i),
        values: keys.map((_, i) => (i < before ? Number.NaN : i - before)),
        otherwise: Number.NaN,
        to: 'f64',
      },
      'f64',
      1,
    )
    return { value: code, type: 'codes', codes, from }
  }
  const keys = [none, ...missing.map(key)]
  const values = keys.map(() => Number.NaN)
  const codes = new Codes(texts, {
    open,
    numbers: !isText,
    add: (text, code) => {
      keys.push(key(text))
      values.push(code)
    },
  })
  return { value: builder.add({ op: 'lookup', of: [value], keys, values, otherwise: other, to: 'f64' }, 'f64', 1), type: 'codes', codes, from }
}
