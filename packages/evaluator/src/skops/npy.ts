import { UnreadableModel } from '../unreadable.ts'
import { type Literal, readLiteral } from './literal.ts'

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
const MOST_DIMENSIONS = 8
const LONGEST_HEADER = 1 << 16

/** A field of an array's records, or the one that a plain array has. */
interface Field {
  readonly name: string
  /** Letter of NumPy's array protocol: f, i, u, b, U, S. */
  readonly kind: string
  readonly size: number
  readonly little: boolean
  readonly offset: number
}

/** The file of an array that is not unpacked yet. */
export interface PackedFile {
  readonly size: number
  /** Its first bytes, so many or all. */
  head(most: number): Uint8Array
  all(): Uint8Array
}

/** More than the header of nearly every array. */
const HEAD = 1024

/**
 * An array of NumPy's own file format, versions 1 to 3. Only its header is read at first: what it holds is unpacked when it
 * is asked for, and kept until it is forgotten. Numbers are given in C order. Arrays of Python objects hold pickles and are
 * refused.
 */
export class NpyArray {
  readonly shape: readonly number[]
  readonly length: number
  readonly where: string
  private readonly fields: readonly Field[]
  private readonly record: number
  private readonly fortran: boolean
  private readonly file: PackedFile
  private readonly start: number
  private unpacked: DataView | undefined

  /** Throws UnreadableModel for what is no such file, or says another size than it has. */
  constructor(file: PackedFile, where: string) {
    this.where = where
    this.file = file
    const { header, start } = readHeader(headOf(file), where)
    this.start = start
    const record = readDescription(header.descr, where)
    this.fields = record.fields
    this.record = record.size
    this.shape = header.shape
    this.fortran = header.fortran && header.shape.length > 1
    this.length = header.shape.reduce((product, size) => product * size, 1)
    const left = file.size - start
    if (this.length * this.record !== left || this.record === 0)
      throw new UnreadableModel('malformed', where, `${this.length} elements of ${this.record} bytes do not fit the ${left} bytes it has`)
  }

  /** Lets go of what was unpacked: it is unpacked again when it is asked for again. */
  forget(): void {
    this.unpacked = undefined
  }

  private get view(): DataView {
    if (this.unpacked === undefined) {
      const bytes = this.file.all()
      this.unpacked = new DataView(bytes.buffer, bytes.byteOffset + this.start, bytes.length - this.start)
    }
    return this.unpacked
  }

  /** Kind of a plain array's elements: `number`, `bool`, `text`, or `records`. */
  get kind(): 'number' | 'bool' | 'text' | 'records' {
    const [field] = this.fields
    if (this.fields.length !== 1 || field === undefined || field.name !== '') return 'records'
    return field.kind === 'U' || field.kind === 'S' ? 'text' : field.kind === 'b' ? 'bool' : 'number'
  }

  /** Whether a plain array's elements are of floating point. */
  get floating(): boolean {
    return this.fields[0]?.kind === 'f'
  }

  hasField(name: string): boolean {
    return this.fields.some((field) => field.name === name)
  }

  /** The numbers of a plain array, or of one field of its records. Whole numbers beyond 2^53 are refused. */
  numbers(name = ''): Float64Array {
    const field = this.fields.find((one) => one.name === name)
    if (field === undefined)
      throw new UnreadableModel('malformed', this.where, name === '' ? 'numbers are expected here, not records' : `its records have no field ${name}`)
    const read = reader(this.view, field)
    if (read === undefined) throw new UnreadableModel('unsupported', this.where, `numbers are expected here, not ${field.kind}${field.size}`)
    const out = new Float64Array(this.length)
    for (let i = 0, at = field.offset; i < out.length; i += 1, at += this.record) out[i] = read(at)
    return this.fortran ? (inRows(out, this.shape) as Float64Array) : out
  }

  /** The texts of an array of them. */
  texts(): string[] {
    const [field] = this.fields
    if (this.kind !== 'text' || field === undefined) throw new UnreadableModel('malformed', this.where, 'texts are expected here')
    const { view } = this
    const out = Array.from({ length: this.length }, (_, i) => this.text(view, field, i * this.record))
    return this.fortran ? (inRows(out, this.shape) as string[]) : out
  }

  private text(view: DataView, field: Field, start: number): string {
    let text = ''
    const step = field.kind === 'U' ? 4 : 1
    for (let at = start; at < start + field.size; at += step) {
      const code = field.kind === 'U' ? view.getUint32(at, field.little) : view.getUint8(at)
      if (code > 0x10ffff) throw new UnreadableModel('malformed', this.where, 'a character that does not exist')
      text += String.fromCodePoint(code)
    }
    return text.replace(/\0+$/, '')
  }
}

/** The beginning of a file with its whole header, as far as that can be told. */
function headOf(file: PackedFile): Uint8Array {
  const head = file.head(HEAD)
  if (head.length < 12) return head
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  const end = head[6] === 1 ? 10 + view.getUint16(8, true) : 12 + view.getUint32(8, true)
  return end <= head.length ? head : file.head(Math.min(file.size, 12 + LONGEST_HEADER))
}

function readHeader(bytes: Uint8Array, where: string): { header: { descr: Literal; fortran: boolean; shape: number[] }; start: number } {
  const broken = (what: string) => new UnreadableModel('malformed', where, what)
  if (bytes.length < 12 || MAGIC.some((byte, i) => bytes[i] !== byte)) throw broken('it is not an array file of NumPy')
  const version = bytes[6] as number
  if (version < 1 || version > 3) throw new UnreadableModel('unsupported', where, `version ${version} of NumPy's array format is not known`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  const from = version === 1 ? 10 : 12
  if (length > LONGEST_HEADER || from + length > bytes.length) throw broken('its header is cut off')
  const literal = readLiteral(new TextDecoder().decode(bytes.subarray(from, from + length)), where)
  const header = typeof literal === 'object' && literal !== null && !Array.isArray(literal) ? literal : {}
  const { descr, fortran_order: fortran, shape } = header
  if (descr === undefined || typeof fortran !== 'boolean' || !Array.isArray(shape) || shape.length > MOST_DIMENSIONS)
    throw broken('its header lacks what it must say')
  if (!shape.every((size) => typeof size === 'number' && size >= 0)) throw broken('its shape is not made of sizes')
  return { header: { descr, fortran, shape: shape as number[] }, start: from + length }
}

function readDescription(descr: Literal, where: string): { fields: Field[]; size: number } {
  if (typeof descr === 'string') {
    const field = readType('', descr, 0, where)
    return { fields: [field], size: field.size }
  }
  const fields: Field[] = []
  let size = 0
  for (const entry of Array.isArray(descr) ? descr : []) {
    const [name, type] = Array.isArray(entry) ? entry : []
    if (typeof name !== 'string' || typeof type !== 'string' || (entry as Literal[]).length !== 2)
      throw new UnreadableModel('unsupported', where, 'records of this make are not understood')
    const field = readType(name, type, size, where)
    if (name !== '') fields.push(field)
    size += field.size
  }
  if (fields.length === 0) throw new UnreadableModel('malformed', where, 'the type of its elements is not understood')
  return { fields, size }
}

function readType(name: string, type: string, offset: number, where: string): Field {
  const match = /^([<>|=])([a-zA-Z])(\d{0,9})$/.exec(type)
  if (match === null || match[2] === 'O') throw new UnreadableModel('unsupported', where, `elements of type ${JSON.stringify(type)} are not read`)
  const [, order, kind = '', digits] = match
  return { name, kind, size: Number(digits || 0) * (kind === 'U' ? 4 : 1), little: order !== '>', offset }
}

/** A reader of one field's number at a byte position, or undefined for what is no number. */
function reader(view: DataView, field: Field): ((at: number) => number) | undefined {
  const { little } = field
  switch (`${field.kind}${field.size}`) {
    case 'f8':
      return (at) => view.getFloat64(at, little)
    case 'f4':
      return (at) => view.getFloat32(at, little)
    case 'i8':
      return (at) => whole(view.getInt32(little ? at + 4 : at, little), view.getUint32(little ? at : at + 4, little))
    case 'u8':
      return (at) => whole(view.getUint32(little ? at + 4 : at, little), view.getUint32(little ? at : at + 4, little))
    case 'i4':
      return (at) => view.getInt32(at, little)
    case 'u4':
      return (at) => view.getUint32(at, little)
    case 'i2':
      return (at) => view.getInt16(at, little)
    case 'u2':
      return (at) => view.getUint16(at, little)
    case 'i1':
      return (at) => view.getInt8(at)
    case 'u1':
    case 'b1':
      return (at) => view.getUint8(at)
    default:
      return undefined
  }
}

function whole(high: number, low: number): number {
  const value = high * 2 ** 32 + low
  if (!Number.isSafeInteger(value)) throw new UnreadableModel('unsupported', '', 'a whole number beyond 2^53')
  return value
}

/** Elements of a Fortran-ordered array, in C order. */
function inRows(items: Float64Array | string[], shape: readonly number[]): Float64Array | string[] {
  const out = items.slice()
  const position = new Array<number>(shape.length).fill(0)
  for (let i = 0; i < items.length; i += 1) {
    let from = 0
    for (let d = shape.length - 1; d >= 0; d -= 1) from = from * (shape[d] as number) + (position[d] as number)
    out[i] = items[from] as never
    for (let d = shape.length - 1; d >= 0; d -= 1) {
      position[d] = (position[d] as number) + 1
      if ((position[d] as number) < (shape[d] as number)) break
      position[d] = 0
    }
  }
  return out
}
