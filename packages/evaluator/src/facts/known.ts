import type { Kind } from '../form/check/values.ts'
import type { Form } from '../form/form.ts'
import { originOf } from './names.ts'

/** The values of a column that a model knows apart; all others are one to it, or are refused. */
export interface KnownValues {
  readonly name: string
  readonly input: number
  readonly column: number
  readonly values: readonly (string | number)[]
}

/** Columns of categories, and those that a step encodes value by value, in the order of the inputs. */
export function knownValuesOf(form: Form, kinds: readonly Kind[]): KnownValues[] {
  const found = new Map<string, { known: Omit<KnownValues, 'values'>; values: Set<string | number> }>()
  const add = (known: Omit<KnownValues, 'values'>, values: Iterable<string | number>) => {
    const key = `${known.input}/${known.column}`
    const there = found.get(key) ?? { known, values: new Set() }
    for (const value of values) there.values.add(value)
    found.set(key, there)
  }
  for (const [input, { columns = [] }] of form.inputs.entries())
    for (const [column, { name, categories }] of columns.entries()) if (categories) add({ name, input, column }, categories.values)
  for (const step of form.steps) {
    const keys = step.op === 'onehot' ? step.categories : step.op === 'lookup' ? step.keys : undefined
    // of numbers a table may be of any use; texts it only encodes
    if (!keys || kinds[step.of[0]!]!.type !== 'text') continue
    for (let column = 0; column < kinds[step.of[0]!]!.width; column++) {
      const { input, column: from, name } = originOf(form, kinds, { value: step.of[0]!, column })
      if (input === undefined || from === undefined) continue
      add(
        { name, input, column: from },
        keys.flatMap((key) => form.texts[key] ?? []),
      )
    }
  }
  return Array.from(found.values(), ({ known, values }) => ({ ...known, values: [...values] })).sort((a, b) => a.input - b.input || a.column - b.column)
}
