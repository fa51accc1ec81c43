import { UnreadableModel } from '../unreadable.ts'
import { codesOf, fixedOf, integersOf, type List, textsOf } from './lists.ts'
import type { FileAttribute, FileNode } from './model.ts'
import { type Constant, readBytes, readTensor } from './tensor.ts'
import { type Range, WireReader } from './wire.ts'

/** AttributeProto: the type of an attribute, and the field that holds its value. */
const KINDS = {
  float: { type: 1, field: 2 },
  int: { type: 2, field: 3 },
  string: { type: 3, field: 4 },
  tensor: { type: 4, field: 5 },
  floats: { type: 6, field: 7 },
  ints: { type: 7, field: 8 },
  strings: { type: 8, field: 9 },
} as const

/** The attributes of a node, decoded when asked for. Errors name the node and the attribute. */
export class Attributes {
  readonly #bytes: Uint8Array
  readonly #node: FileNode
  readonly #where: string

  constructor(bytes: Uint8Array, node: FileNode, where: string) {
    this.#bytes = bytes
    this.#node = node
    this.#where = where
  }

  has(name: string): boolean {
    return this.#node.attributes.has(name)
  }

  /** One whole number; beyond 2^53 is refused. */
  int(name: string, otherwise: number): number {
    const value = this.#one(name, 'int', integersOf)
    if (value === undefined) return otherwise
    if (!Number.isFinite(value)) throw this.#broken(name, 'is beyond 2^53')
    return value
  }

  /** One number, rounded to a float as the file has it. */
  float(name: string, otherwise: number): number {
    return this.#one(name, 'float', (list) => fixedOf(list, 4)) ?? otherwise
  }

  string(name: string, otherwise: string): string {
    return this.#one(name, 'string', textsOf) ?? otherwise
  }

  /** A list of whole numbers; beyond 2^53 is refused. */
  ints(name: string): Float64Array {
    const values = this.rawInts(name)
    for (const value of values) if (!Number.isFinite(value)) throw this.#broken(name, 'has a number beyond 2^53')
    return values
  }

  /** A list of whole numbers; those beyond 2^53 stand as infinities. */
  rawInts(name: string): Float64Array {
    const list = this.#list(name, 'ints')
    return list ? integersOf(list) : new Float64Array(0)
  }

  floats(name: string): Float64Array {
    const list = this.#list(name, 'floats')
    return list ? fixedOf(list, 4) : new Float64Array(0)
  }

  strings(name: string): string[] {
    const list = this.#list(name, 'strings')
    return list ? textsOf(list) : []
  }

  /** A list of texts as the numbers that they stand for. */
  codes(name: string, of: (text: string, position: number) => number): Uint8Array {
    const list = this.#list(name, 'strings')
    return list ? codesOf(list, of) : new Uint8Array(0)
  }

  tensor(name: string): Constant | undefined {
    const range = this.#tensor(name)
    return range && readTensor(this.#bytes, { range, sparse: false }, `${this.#where}.${name}`)
  }

  /** A tensor of bytes. */
  bytes(name: string): Float64Array {
    const range = this.#tensor(name)
    return range ? readBytes(this.#bytes, range, `${this.#where}.${name}`) : new Float64Array(0)
  }

  #tensor(name: string): Range | undefined {
    const attribute = this.#of(name, 'tensor')
    if (!attribute) return undefined
    const reader = new WireReader(this.#bytes, attribute.range)
    let range: Range | undefined
    while (reader.next()) if (reader.number === KINDS.tensor.field) range = reader.range()
    if (!range) throw this.#broken(name, 'has no value')
    return range
  }

  #one<T>(name: string, kind: 'int' | 'float' | 'string', decode: (list: List) => ArrayLike<T>): T | undefined {
    const list = this.#list(name, kind)
    if (!list) return undefined
    const values = decode(list)
    // proto3 leaves out a field of its default value
    if (values.length === 0) return (kind === 'string' ? '' : 0) as T
    return values[values.length - 1]
  }

  #list(name: string, kind: keyof typeof KINDS): List | undefined {
    const attribute = this.#of(name, kind)
    return attribute ? { bytes: this.#bytes, message: attribute.range, field: KINDS[kind].field } : undefined
  }

  #of(name: string, kind: keyof typeof KINDS): FileAttribute | undefined {
    const attribute = this.#node.attributes.get(name)
    if (!attribute) return undefined
    if (attribute.reference !== '') throw new UnreadableModel('unsupported', this.#where, `the attribute ${name} refers to one of a function`)
    if (attribute.type !== 0 && attribute.type !== KINDS[kind].type) throw this.#broken(name, `is of attribute type ${attribute.type} where ${kind} belongs`)
    return attribute
  }

  #broken(name: string, what: string): UnreadableModel {
    return new UnreadableModel('malformed', this.#where, `the attribute ${name} ${what}`)
  }
}
