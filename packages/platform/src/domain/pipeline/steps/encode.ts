import type { StepOptions } from '@fairlead/contract/control'
import { numbersFor } from '../column-memory.ts'
import type { Column, ColumnSpec } from '../columns.ts'
import type { Scope, Used } from '../scope.ts'
import { refuseRows } from '../step-errors.ts'
import { textsOf } from '../values.ts'
import { hashOf } from './hash.ts'
import { unfitted } from './unfitted.ts'

type Encoding = StepOptions<'encode'>[string]
type As<T extends Encoding['as']> = Extract<Encoding, { as: T }>

/** A column of categories while it is encoded. */
interface Target {
  name: string
  used: Used
  scope: Scope
}

/**
 * `encode`: categories to numbers. Categories are told apart by their texts. `one-hot` adds a column of 0 and 1 for each, `ordinal` gives their place in the
 * list, `hash` a bucket by a hash that never changes, `target` the mean of the label in the data that it was fitted on.
 */
export function compileEncode(columns: StepOptions<'encode'>, scope: Scope): void {
  for (const [name, encoding] of Object.entries(columns)) {
    const target: Target = { name, used: scope.use(name, name, ['text', 'number', 'integer', 'boolean']), scope }
    switch (encoding.as) {
      case 'one-hot':
        oneHot(target, encoding)
        break
      case 'ordinal':
        ordinal(target, encoding)
        break
      case 'hash':
        hash(target, encoding)
        break
      case 'target':
        mean(target, encoding)
    }
  }
}

/** Categories that become columns: each takes memory for every row. */
const MOST_ONE_HOT = 1000

/** Places of the categories by their text. Throws where they are not known yet, or one is there twice. */
function placesOf({ name, used, scope }: Target, categories: As<'ordinal'>['categories']): Map<string, number> {
  if (!categories) throw unfitted(scope, name, '`categories`')
  const places = new Map<string, number>()
  for (const [i, category] of categories.entries()) {
    const at = `${name}.categories[${i}]`
    const wanted = used.spec.type === 'text' ? 'string' : used.spec.type === 'boolean' ? 'boolean' : 'number'
    if (typeof category !== wanted)
      throw scope.error(at, `the column "${name}" is ${wanted === 'string' ? 'a text' : `a ${used.spec.type}`}, and ${JSON.stringify(category)} is not`)
    if (places.has(String(category))) throw scope.error(at, `the category ${JSON.stringify(category)} is there twice`)
    places.set(String(category), i)
  }
  return places
}

/** Refuses rows whose category is not known. */
function unknownCategory(name: string, texts: readonly string[], rows: readonly number[]) {
  return refuseRows('value-unknown', name, rows, (row) => `${JSON.stringify(texts[row]!.slice(0, 60))} is no category that the step \`encode\` knows`)
}

function oneHot(target: Target, { categories, unknown, prefix = target.name }: As<'one-hot'>): void {
  const { name, used, scope } = target
  const places = placesOf(target, categories)
  if (places.size > MOST_ONE_HOT)
    throw scope.error(
      `${name}.categories`,
      `one-hot makes a column of each category, of at most ${MOST_ONE_HOT}, and there are ${places.size}; encode them as ordinal, hash or target`,
    )
  const names = [...places.keys(), ...(unknown === 'other' ? ['other'] : [])].map((category) => `${prefix}_${category}`)
  const twice = names.find((one, i) => names.indexOf(one) !== i)
  if (twice !== undefined) throw scope.error(name, `two columns would be called "${twice}"`)
  const taken = names.find((one) => one === name)
  if (taken !== undefined) throw scope.error(`${name}.prefix`, `a column would be called "${taken}" as the one that is encoded`)
  const specs = names.map((one): ColumnSpec => ({ name: one, type: 'number', nullable: false }))
  const compute = (column: Column, rows: number): Column[] => {
    const texts = textsOf(column)
    const made = specs.map(() => numbersFor(rows).fill(0))
    const refused: number[] = []
    for (let row = 0; row < rows; row++) {
      const at = column.nulls?.[row] ? undefined : places.get(texts[row]!)
      if (at !== undefined) made[at]![row] = 1
      else if (unknown === 'other') made[places.size]![row] = 1
      else if (unknown === 'refuse') refused.push(row)
    }
    if (refused.length > 0) throw unknownCategory(name, column.nulls ? texts.map((text, row) => (column.nulls![row] ? 'null' : text)) : texts, refused)
    return made.map((data) => ({ type: 'number', data }))
  }
  scope.putAll(specs, { uses: [used.place], compute: (frame, rows) => compute(frame[used.place]!, rows) })
}

function ordinal(target: Target, { categories, unknown, into = target.name }: As<'ordinal'>): void {
  const { name, used, scope } = target
  const places = placesOf(target, categories)
  const otherwise = typeof unknown === 'number' ? unknown : undefined
  const compute = (column: Column, rows: number): Column => {
    const texts = textsOf(column)
    const data = numbersFor(rows)
    const refused: number[] = []
    let { nulls } = column
    for (let row = 0; row < rows; row++) {
      const at = column.nulls?.[row] === 1 ? 0 : (places.get(texts[row]!) ?? otherwise)
      data[row] = at ?? 0
      if (at !== undefined) continue
      if (unknown === 'refuse') refused.push(row)
      if (nulls === column.nulls) nulls = nulls ? new Uint8Array(nulls) : new Uint8Array(rows)
      nulls![row] = 1
    }
    if (refused.length > 0) throw unknownCategory(name, texts, refused)
    return { type: 'number', data, nulls }
  }
  const nullable = used.spec.nullable || unknown === 'null'
  scope.put({ name: into, type: 'number', nullable }, { uses: [used.place], compute: (frame, rows) => compute(frame[used.place]!, rows) })
}

function hash({ name, used, scope }: Target, { buckets, into = name }: As<'hash'>): void {
  const compute = (column: Column, rows: number): Column => {
    const texts = textsOf(column)
    const data = numbersFor(rows)
    for (let row = 0; row < rows; row++) data[row] = hashOf(texts[row]!) % buckets
    return { type: 'number', data, nulls: column.nulls }
  }
  scope.put({ name: into, type: 'number', nullable: used.spec.nullable }, { uses: [used.place], compute: (frame, rows) => compute(frame[used.place]!, rows) })
}

function mean({ name, used, scope }: Target, { means, otherwise, into = name }: As<'target'>): void {
  if (means === undefined || otherwise === undefined) throw unfitted(scope, name, '`means` or `otherwise`')
  const known = new Map(Object.entries(means))
  const compute = (column: Column, rows: number): Column => {
    const texts = textsOf(column)
    const data = numbersFor(rows)
    for (let row = 0; row < rows; row++) data[row] = (column.nulls?.[row] ? undefined : known.get(texts[row]!)) ?? otherwise
    return { type: 'number', data }
  }
  scope.put({ name: into, type: 'number', nullable: false }, { uses: [used.place], compute: (frame, rows) => compute(frame[used.place]!, rows) })
}
