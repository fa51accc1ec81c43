import type { Categories, Column } from '../form/form.ts'
import { UnreadableModel } from '../unreadable.ts'
import type { Header } from './header.ts'
import type { Tail } from './tail.ts'

const key = 'pandas_categorical'

/**
 * The columns, with the categories that pandas knew them by. The file lists categories without saying of which column:
 * they belong to the columns of `named`, or to the categorical ones in their order.
 * @throws {UnreadableModel} where it cannot be told which column a list belongs to
 */
export function columnsOf(header: Header, tail: Tail, named?: readonly string[]): Column[] {
  const lists = listsOf(tail.pandas ?? 'null', header.features.length)
  const columns: Column[] = header.features.map((name) => ({ name }))
  if (lists.length === 0 && named === undefined) return columns
  const owners = named === undefined ? categoricalOf(header, tail) : named.map((name) => indexOf(header, name))
  if (owners.length !== lists.length) throw unclear(`the file has ${lists.length} lists of categories for ${owners.length} columns`)
  for (const [place, feature] of owners.entries()) {
    const values = valuesOf(lists[place], place)
    const largest = header.categories[feature] as number
    if (largest >= values.length) {
      throw unclear(`the column ${JSON.stringify(header.features[feature])} was trained with category ${largest}, and its list has ${values.length}`)
    }
    columns[feature] = { name: header.features[feature] as string, categories: { values, unseen: 'missing' } }
  }
  return columns
}

function unclear(what: string): UnreadableModel {
  return new UnreadableModel('unsupported', key, `${what}; name the columns they belong to, in order, with the option 'categorical'`)
}

function indexOf(header: Header, name: string): number {
  const index = header.features.indexOf(name)
  if (index < 0) throw new UnreadableModel('unsupported', key, `no feature is called ${JSON.stringify(name)}`)
  return index
}

/** The columns declared at training; where the file does not say, those that were used as such. */
function categoricalOf(header: Header, tail: Tail): number[] {
  const declared = tail.declared?.filter((feature) => feature < header.features.length)
  if (declared !== undefined && declared.length > 0) return [...new Set(declared)].sort((a, b) => a - b)
  return [...header.categories.keys()].filter((feature) => (header.categories[feature] as number) >= 0)
}

function listsOf(text: string, features: number): unknown[] {
  guard(text, features)
  let lists: unknown
  try {
    lists = JSON.parse(text)
  } catch {
    throw new UnreadableModel('malformed', key, 'is not JSON')
  }
  if (lists === null) return []
  if (!Array.isArray(lists)) throw new UnreadableModel('malformed', key, 'is not a list of lists')
  return lists
}

/** Before anything is made of the text: lists within one list, no more than features. */
function guard(text: string, features: number): void {
  let depth = 0
  let lists = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '"') quoted = !quoted
    else if (quoted && character === '\\') at++
    else if (!quoted && (character === '[' || character === '{')) {
      depth++
      lists++
      if (depth > 2 || character === '{') throw new UnreadableModel('malformed', key, 'is not a list of lists')
      if (lists > features + 1) throw new UnreadableModel('malformed', key, `has more lists than the ${features} features`)
    } else if (!quoted && character === ']') depth--
  }
}

function valuesOf(list: unknown, place: number): Categories['values'] {
  const where = `${key}[${place}]`
  if (!Array.isArray(list)) throw new UnreadableModel('malformed', where, 'is not a list')
  const values: unknown[] = list.map((value: unknown) => (typeof value === 'boolean' ? Number(value) : value))
  if (new Set(values).size < values.length) throw new UnreadableModel('malformed', where, 'a category stands twice')
  if (values.every((value) => typeof value === 'string')) return values
  if (values.every((value) => typeof value === 'number')) {
    const lost = values.findIndex((value) => Number.isInteger(value) && !Number.isSafeInteger(value))
    if (lost >= 0) throw new UnreadableModel('unsupported', `${where}[${lost}]`, 'is a whole number beyond 2^53')
    return values
  }
  throw new UnreadableModel('unsupported', where, 'its categories are neither all texts nor all numbers')
}
