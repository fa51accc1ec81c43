import { type FlatTable, malformed } from './flatbuffer.ts'

/** Types by their number in Arrow's Schema.fbs. */
export const ARROW_TYPES = {
  null: 1,
  int: 2,
  float: 3,
  binary: 4,
  utf8: 5,
  bool: 6,
  decimal: 7,
  date: 8,
  time: 9,
  timestamp: 10,
  interval: 11,
  list: 12,
  struct: 13,
  union: 14,
  fixedBinary: 15,
  fixedList: 16,
  map: 17,
  duration: 18,
  largeBinary: 19,
  largeUtf8: 20,
  largeList: 21,
  runEnds: 22,
  binaryView: 23,
  utf8View: 24,
  listView: 25,
  largeListView: 26,
} as const

export type ArrowTypeName = keyof typeof ARROW_TYPES

const NAMES = new Map<number, ArrowTypeName>(Object.entries(ARROW_TYPES).map(([name, id]) => [id, name as ArrowTypeName]))
/** Types in types. */
const MOST_DEPTH = 16
const MOST_FIELDS = 100_000

/** One column, or a part of one. */
export interface ArrowField {
  name: string
  type: ArrowTypeName
  /** Bits of an integer, or of a float. */
  bits: number
  signed: boolean
  /** Values of each list where all have as many. */
  listSize: number
  /** Whether a union has offsets. */
  dense: boolean
  children: ArrowField[]
  /** Where the values stand in a dictionary: its id, and the type of the places in it. */
  dictionary: { id: number; bits: number; signed: boolean } | undefined
}

/** Whether a field has the form that this schema reader can tell of; throws `table-invalid` for what no schema may be. */
export function readSchema(schema: FlatTable): ArrowField[] {
  if (schema.int16(0, 0) !== 0) throw malformed('its numbers are big-endian')
  const left = { fields: MOST_FIELDS }
  return schema.tables(1, left.fields).map((field) => readField(field, left, 0))
}

function readField(field: FlatTable, left: { fields: number }, depth: number): ArrowField {
  if (depth > MOST_DEPTH) throw malformed(`its types are nested more than ${MOST_DEPTH} deep`)
  if (--left.fields < 0) throw malformed(`it has more than ${MOST_FIELDS} columns`)
  const id = field.uint8(2, 0)
  const type = NAMES.get(id)
  if (type === undefined) throw malformed(`there is no type ${id}`)
  const facts = field.table(3)
  const dictionary = field.table(4)
  const places = dictionary?.table(1)
  return {
    name: field.text(0),
    type,
    bits: type === 'int' ? (facts?.int32(0, 0) ?? 0) : type === 'float' ? 16 << (facts?.int16(0, 0) ?? 0) : 0,
    signed: type === 'int' && facts?.uint8(1, 0) === 1,
    listSize: type === 'fixedList' ? (facts?.int32(0, 0) ?? 0) : 0,
    dense: type === 'union' && facts?.int16(0, 0) === 1,
    children: field.tables(5, left.fields).map((child) => readField(child, left, depth + 1)),
    dictionary: dictionary && { id: dictionary.size(0), bits: places?.int32(0, 32) ?? 32, signed: (places?.uint8(1, 0) ?? 1) === 1 },
  }
}
