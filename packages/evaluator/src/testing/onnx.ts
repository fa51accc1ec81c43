/** Elements of a tensor that a test writes: floats unless said otherwise. */
export interface MadeTensor {
  readonly type?: keyof typeof TYPES
  readonly dims: readonly number[]
  readonly data: readonly number[] | readonly string[]
}

/** Value of an attribute: a number is an int unless it is `{ float }`; arrays are ints unless `{ floats }`. */
export type MadeAttribute =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | MadeTensor
  | { readonly float: number }
  | { readonly floats: readonly number[] }

export interface MadeNode {
  readonly op: string
  readonly in: readonly string[]
  readonly out: readonly string[]
  readonly name?: string
  readonly domain?: string
  readonly attributes?: Readonly<Record<string, MadeAttribute>>
}

export interface MadeValue {
  readonly name: string
  readonly type?: keyof typeof TYPES
  /** A number, a name, or null where the file does not say. */
  readonly shape?: readonly (number | string | null)[]
}

export interface MadeModel {
  readonly nodes: readonly MadeNode[]
  readonly inputs: readonly MadeValue[]
  readonly outputs: readonly MadeValue[]
  readonly initializers?: Readonly<Record<string, MadeTensor>>
  readonly opset?: number
  readonly ml?: number
  readonly ir?: number
}

const TYPES = { f32: 1, u8: 2, i32: 6, i64: 7, text: 8, bool: 9, f64: 11 } as const
const utf8 = new TextEncoder()

/** One field of a message: a whole number, or bytes. */
export function field(number: number, value: number | bigint | Uint8Array | string): number[] {
  if (typeof value === 'number' || typeof value === 'bigint') return [...varint(number * 8), ...varint(value)]
  const bytes = typeof value === 'string' ? utf8.encode(value) : value
  return [...varint(number * 8 + 2), ...varint(bytes.length), ...bytes]
}

function varint(value: number | bigint): number[] {
  const digits: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  while (rest >= 0x80n) {
    digits.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  return [...digits, Number(rest)]
}

function message(...fields: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from(fields.flat())
}

/** An ONNX file (ModelProto). */
export function makeModel({ nodes, inputs, outputs, initializers = {}, opset = 21, ml = 3, ir = 10 }: MadeModel): Uint8Array {
  const graph = message(
    ...nodes.map((node) => field(1, nodeOf(node))),
    field(2, 'made'),
    ...Object.entries(initializers).map(([name, tensor]) => field(5, tensorOf(tensor, name))),
    ...inputs.map((value) => field(11, valueInfoOf(value))),
    ...outputs.map((value) => field(12, valueInfoOf(value))),
  )
  const versions = [field(8, message(field(1, ''), field(2, opset))), field(8, message(field(1, 'ai.onnx.ml'), field(2, ml)))]
  return message(field(1, ir), field(2, 'made'), field(7, graph), ...versions)
}

function nodeOf({ op, in: inputs, out, name = '', domain, attributes = {} }: MadeNode): Uint8Array {
  return message(
    ...inputs.map((input) => field(1, input)),
    ...out.map((output) => field(2, output)),
    field(3, name),
    field(4, op),
    ...(domain === undefined ? [] : [field(7, domain)]),
    ...Object.entries(attributes).map(([key, value]) => field(5, attributeOf(key, value))),
  )
}

function attributeOf(name: string, value: MadeAttribute): Uint8Array {
  const named = field(1, name)
  if (typeof value === 'number') return message(named, field(3, value), field(20, 2))
  if (typeof value === 'string') return message(named, field(4, value), field(20, 3))
  if (Array.isArray(value)) {
    const list = value as readonly (number | string)[]
    return message(named, ...list.map((one) => field(typeof one === 'string' ? 9 : 8, one)), field(20, typeof list[0] === 'string' ? 8 : 7))
  }
  if ('float' in value) return message(named, [...varint(2 * 8 + 5), ...rawOf('f32', [value.float])], field(20, 1))
  if ('floats' in value) return message(named, field(7, rawOf('f32', value.floats)), field(20, 6))
  return message(named, field(5, tensorOf(value as MadeTensor, '')), field(20, 4))
}

function tensorOf({ type = 'f32', dims, data }: MadeTensor, name: string): Uint8Array {
  const values = type === 'text' ? (data as readonly string[]).map((text) => field(6, text)) : [field(9, rawOf(type, data as readonly number[]))]
  return message(...dims.map((size) => field(1, size)), field(2, TYPES[type]), field(8, name), ...values)
}

function rawOf(type: keyof typeof TYPES, data: readonly number[]): Uint8Array {
  const bytes = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
  if (type === 'f32') return bytes(Float32Array.from(data))
  if (type === 'f64') return bytes(Float64Array.from(data))
  if (type === 'i64') return bytes(BigInt64Array.from(data, BigInt))
  return type === 'i32' ? bytes(Int32Array.from(data)) : Uint8Array.from(data)
}

function valueInfoOf({ name, type = 'f32', shape }: MadeValue): Uint8Array {
  const sizes = shape?.map((size) => field(1, size === null ? message() : message(typeof size === 'number' ? field(1, size) : field(2, size))))
  const tensor = message(field(1, TYPES[type]), ...(sizes ? [field(2, message(...sizes))] : []))
  return message(field(1, name), field(2, message(field(1, tensor))))
}

/** One ensemble node over two columns: each tree tests `x[column] < 0`; its leaves are 1 and 2. Attributes are the file's. */
export function stumps(trees: number, more: Readonly<Record<string, MadeAttribute>> = {}): Record<string, MadeAttribute> {
  const each = (list: readonly number[]) => Array.from({ length: trees }, () => list).flat()
  return {
    nodes_treeids: Array.from({ length: trees * 3 }, (_, at) => Math.floor(at / 3)),
    nodes_nodeids: each([0, 1, 2]),
    nodes_featureids: each([1, 0, 0]),
    nodes_modes: Array.from({ length: trees * 3 }, (_, at) => (at % 3 === 0 ? 'BRANCH_LT' : 'LEAF')),
    nodes_values: { floats: each([0.5, 0, 0]) },
    nodes_truenodeids: each([1, 0, 0]),
    nodes_falsenodeids: each([2, 0, 0]),
    ...more,
  }
}
