import type { Categories } from '../form/form.ts'
import { type Cursor, fields, integerArray, numberArray, type Place } from './cursor.ts'

const decoder = new TextDecoder()

type Named = Omit<Categories, 'unseen'>

/** Categories of one column, kept one by one. */
const MOST_VALUES = 1 << 20

/** The categories of each column, as the frame had them that the model was trained with (from 3.1). */
export function readCategories(cursor: Cursor): readonly (Named | undefined)[] {
  const found: (Named | undefined)[] = []
  const enc = () =>
    cursor.array(() => {
      found.push(readColumn(cursor))
    })
  fields(cursor, { enc }, ['enc'])
  return found
}

function readColumn(cursor: Cursor): Named | undefined {
  let offsets: Int32Array | undefined
  let place: Place | undefined
  const readers = {
    offsets: () => {
      offsets = integerArray(cursor)
    },
    values: () => {
      place = cursor.place()
      cursor.skip()
    },
  }
  fields(cursor, readers, ['values'])
  const end = cursor.place()
  cursor.seek(place!)
  const values = offsets ? texts(cursor, offsets, integerArray(cursor)) : Array.from(numberArray(cursor))
  cursor.seek(end)
  if (values.length === 0) return undefined
  if (values.length > MOST_VALUES) cursor.refuse(`${values.length} categories of one column`, 'too-large')
  if (new Set<string | number>(values).size !== values.length) cursor.refuse('a category is listed twice')
  return { values }
}

/** Bytes of all texts one after the other. 3.2 writes those outside ASCII cut short, and nobody can say what they were. */
function texts(cursor: Cursor, offsets: Int32Array, bytes: Int32Array): string[] {
  if (bytes.some((byte) => byte < 0 || byte > 127)) {
    cursor.refuse('categories outside ASCII, which this version of XGBoost writes cut short; rename them and train again', 'unsupported')
  }
  const list: string[] = []
  for (let at = 0; at + 1 < offsets.length; at++) {
    const [from, to] = [offsets[at]!, offsets[at + 1]!]
    if (from > to || from < 0 || to > bytes.length) cursor.refuse('offsets of categories out of order')
    list.push(decoder.decode(Uint8Array.from(bytes.subarray(from, to))))
  }
  if ((offsets[0] ?? 0) !== 0 || (offsets.at(-1) ?? 0) !== bytes.length) cursor.refuse('offsets of categories do not fit their bytes')
  return list
}
