import { UnreadableModel } from '../unreadable.ts'
import { isState, type Json, type SkopsFile, type State } from './file.ts'
import type { NpyArray } from './npy.ts'

/** A value of Python that stands for itself. */
export type Primitive = string | number | boolean | null

const LONGEST_PRIMITIVE = 1 << 20

/**
 * One Python object as a skops file describes it, looked into on demand. `path` says where it stands:
 * `steps[0].transformers_[1]`. Every accessor throws UnreadableModel when the file holds something else there.
 */
export class Item {
  readonly path: string
  private readonly file: SkopsFile
  private readonly state: State

  constructor(file: SkopsFile, state: Json | undefined, path: string) {
    if (!isState(state)) throw new UnreadableModel('malformed', path, 'the schema describes no object here')
    this.file = file
    this.state = state
    this.path = path
  }

  /** Full name of its class: `sklearn.pipeline.Pipeline`. For a type or a function, its own name. */
  get name(): string {
    return `${String(this.state.__module__)}.${this.className}`
  }

  get className(): string {
    return String(this.state.__class__)
  }

  get loader(): string {
    return String(this.state.__loader__)
  }

  malformed(what: string): UnreadableModel {
    return new UnreadableModel('malformed', this.path, what)
  }

  unsupported(what: string): UnreadableModel {
    return new UnreadableModel('unsupported', this.path, what)
  }

  /** The value of a text, number, bool or None; a NumPy scalar counts as its number. */
  primitive(): Primitive {
    if (this.loader === 'NdArrayNode') {
      const array = this.array()
      if (array.length !== 1 || array.shape.length > 1) throw this.malformed('one value is expected, not an array')
      return array.kind === 'text' ? (array.texts()[0] as string) : array.kind === 'bool' ? array.numbers()[0] === 1 : (array.numbers()[0] as number)
    }
    if (this.loader !== 'JsonNode') throw this.unsupported(`a plain value is expected, not ${this.name}`)
    return parsePrimitive(this.state.content, this)
  }

  isPrimitive(): boolean {
    return this.loader === 'JsonNode'
  }

  isNone(): boolean {
    return this.loader === 'JsonNode' && this.primitive() === null
  }

  number(): number {
    const value = this.primitive()
    if (typeof value !== 'number') throw this.malformed('a number is expected')
    return value
  }

  text(): string {
    const value = this.primitive()
    if (typeof value !== 'string') throw this.malformed('a text is expected')
    return value
  }

  /** A text that may be as long as the file. */
  longText(): string {
    const { content } = this.state
    if (this.loader !== 'JsonNode' || typeof content !== 'string' || !content.startsWith('"')) throw this.malformed('a text is expected')
    try {
      return JSON.parse(content) as string
    } catch {
      throw this.malformed('its value is not JSON')
    }
  }

  bool(): boolean {
    const value = this.primitive()
    if (typeof value !== 'boolean') throw this.malformed('True or False is expected')
    return value
  }

  /** Items of a list or tuple, or of an array of objects. */
  items(): Item[] {
    const { content } = this.state
    if (!Array.isArray(content)) throw this.malformed(`a list is expected, not ${this.name}`)
    return content.map((item: Json, i) => new Item(this.file, item, `${this.path}[${i}]`))
  }

  /** Entries of a dict with texts for keys. */
  entries(): [string, Item][] {
    const { content } = this.state
    if (this.loader !== 'DictNode' || !isState(content)) throw this.malformed(`a dict is expected, not ${this.name}`)
    return Object.entries(content).map(([key, value]) => [key, new Item(this.file, value, `${this.path}.${key}`)])
  }

  /** An attribute of an object, or undefined. */
  find(attribute: string): Item | undefined {
    const { content } = this.state
    const attributes = isState(content) ? (content.__loader__ === 'DictNode' ? content.content : this.loader === 'DictNode' ? content : undefined) : undefined
    if (!isState(attributes) || !Object.hasOwn(attributes, attribute)) return undefined
    return new Item(this.file, attributes[attribute], this.path === '' ? attribute : `${this.path}.${attribute}`)
  }

  /** An attribute that must be there. */
  get(attribute: string): Item {
    const found = this.find(attribute)
    if (found === undefined) throw this.malformed(`${this.className} has no ${attribute}: it is not fitted, or its version is not known`)
    return found
  }

  /** A field of the state that is itself a state: `func` of a partial. */
  part(key: string): Item {
    const { content } = this.state
    return new Item(this.file, isState(content) ? content[key] : undefined, `${this.path}.${key}`)
  }

  /** A number, text or None of the state that is no state, as of a slice. */
  raw(key: string): Json | undefined {
    const { content } = this.state
    return isState(content) ? content[key] : undefined
  }

  isArray(): boolean {
    return this.loader === 'NdArrayNode'
  }

  /** Whether it is an array of floating-point numbers. */
  isFloating(): boolean {
    return this.isArray() && this.state.type === 'numpy' && this.array().floating
  }

  /** An array that is kept in NumPy's own format. */
  array(): NpyArray {
    const { type, file } = this.state
    if (!this.isArray() || type !== 'numpy' || typeof file !== 'string') throw this.unsupported(`an array of numbers is expected, not ${this.name}`)
    return this.file.array(file, this.path)
  }

  /** The numbers of an array, which must have this many where it is said. */
  numbers(length?: number): Float64Array {
    const numbers = this.loader === 'JsonNode' ? Float64Array.of(this.number()) : this.array().numbers()
    if (length !== undefined && numbers.length !== length) throw this.malformed(`${length} numbers are expected, not ${numbers.length}`)
    return numbers
  }

  /** Elements of an array or list of plain values. */
  values(): Primitive[] {
    if (this.isArray() && this.state.type === 'numpy') {
      const array = this.array()
      if (array.kind === 'text') return array.texts()
      const numbers = array.numbers()
      return Array.from(numbers, (value) => (array.kind === 'bool' ? value === 1 : value))
    }
    return this.items().map((item) => item.primitive())
  }

  /** The arguments with which a compiled object was made: the tuple of its `__reduce__`. */
  arguments(): Item[] {
    const reduce = this.state.__reduce__
    return new Item(this.file, isState(reduce) ? reduce.args : undefined, this.path).items()
  }
}

function parsePrimitive(content: Json | undefined, item: Item): Primitive {
  if (typeof content !== 'string' || content.length > LONGEST_PRIMITIVE) throw item.malformed('its value is not written as text')
  if (content === 'NaN') return Number.NaN
  if (content === 'Infinity') return Number.POSITIVE_INFINITY
  if (content === '-Infinity') return Number.NEGATIVE_INFINITY
  if (/^\s*[[{]/.test(content)) throw item.unsupported('a plain value is expected, not a list or dict')
  try {
    return JSON.parse(content) as Primitive
  } catch {
    throw item.malformed('its value is not JSON')
  }
}
