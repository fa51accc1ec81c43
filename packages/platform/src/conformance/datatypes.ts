/** One value of a tensor. 64-bit integers are bigints where they are read exactly. */
export type Value = number | bigint | boolean | string

/** How a datatype of the protocol is stored. */
export interface Datatype {
  kind: 'bool' | 'int' | 'float' | 'bytes'
  /** Bytes of a value; 0 for BYTES, whose values carry their length. */
  size: number
  /** Smallest and largest value of integers. */
  range?: readonly [bigint, bigint]
  /** Whether JSON can carry it. */
  json: boolean
}

function integer(size: number, signed: boolean): Datatype {
  const bits = BigInt(size * 8)
  return { kind: 'int', size, json: true, range: signed ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n] }
}

/** The datatypes of the protocol's table, and BF16 of its proto file. */
export const DATATYPES: Readonly<Record<string, Datatype>> = {
  BOOL: { kind: 'bool', size: 1, json: true },
  UINT8: integer(1, false),
  UINT16: integer(2, false),
  UINT32: integer(4, false),
  UINT64: integer(8, false),
  INT8: integer(1, true),
  INT16: integer(2, true),
  INT32: integer(4, true),
  INT64: integer(8, true),
  FP16: { kind: 'float', size: 2, json: false },
  BF16: { kind: 'float', size: 2, json: false },
  FP32: { kind: 'float', size: 4, json: true },
  FP64: { kind: 'float', size: 8, json: true },
  BYTES: { kind: 'bytes', size: 0, json: true },
}

/** The datatype of a name, or `undefined`. */
export function datatypeOf(name: unknown): Datatype | undefined {
  return typeof name === 'string' && Object.hasOwn(DATATYPES, name) ? DATATYPES[name] : undefined
}

type HalfView = DataView & { setFloat16(at: number, value: number, little: boolean): void; getFloat16(at: number, little: boolean): number }

function write(view: DataView, at: number, { datatype, value }: { datatype: string; value: Value }): void {
  const number = Number(value)
  if (datatype === 'FP64') view.setFloat64(at, number, true)
  else if (datatype === 'FP32') view.setFloat32(at, number, true)
  else if (datatype === 'FP16') (view as HalfView).setFloat16(at, number, true)
  else if (datatype === 'BF16') view.setUint16(at, bfloatBits(number), true)
  else if (datatype === 'BOOL') view.setUint8(at, value ? 1 : 0)
  else if (DATATYPES[datatype]?.size === 8) view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true)
  else if (DATATYPES[datatype]?.size === 4) view.setUint32(at, number >>> 0, true)
  else if (DATATYPES[datatype]?.size === 2) view.setUint16(at, number & 0xffff, true)
  else view.setUint8(at, number & 0xff)
}

function bfloatBits(value: number): number {
  return new Uint32Array(new Float32Array([value]).buffer)[0]! >>> 16
}

/** Values as the binary extension and gRPC's raw contents have them: little-endian, unpadded, BYTES with their length. */
export function encodeBinary(datatype: string, values: readonly Value[]): Buffer {
  if (datatype === 'BYTES') {
    return Buffer.concat(
      values.flatMap((value) => {
        const bytes = Buffer.from(String(value))
        const length = Buffer.alloc(4)
        length.writeUInt32LE(bytes.length)
        return [length, bytes]
      }),
    )
  }
  const size = DATATYPES[datatype]?.size ?? 1
  const bytes = Buffer.alloc(values.length * size)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (const [i, value] of values.entries()) write(view, i * size, { datatype, value })
  return bytes
}

function read(view: DataView, at: number, datatype: string): Value {
  if (datatype === 'FP64') return view.getFloat64(at, true)
  if (datatype === 'FP32') return view.getFloat32(at, true)
  if (datatype === 'FP16') return (view as HalfView).getFloat16(at, true)
  if (datatype === 'BF16') return new Float32Array(new Uint32Array([view.getUint16(at, true) << 16]).buffer)[0]!
  if (datatype === 'BOOL') return view.getUint8(at) !== 0
  if (datatype === 'INT64') return view.getBigInt64(at, true)
  if (datatype === 'UINT64') return view.getBigUint64(at, true)
  if (datatype === 'INT32') return view.getInt32(at, true)
  if (datatype === 'UINT32') return view.getUint32(at, true)
  if (datatype === 'INT16') return view.getInt16(at, true)
  if (datatype === 'UINT16') return view.getUint16(at, true)
  return datatype === 'INT8' ? view.getInt8(at) : view.getUint8(at)
}

/** Values out of binary data; `undefined` when the bytes do not hold whole values. */
export function decodeBinary(datatype: string, bytes: Uint8Array): Value[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (datatype === 'BYTES') return decodeTexts(bytes, view)
  const size = DATATYPES[datatype]?.size ?? 1
  if (bytes.length % size !== 0) return undefined
  return Array.from({ length: bytes.length / size }, (_, i) => read(view, i * size, datatype))
}

function decodeTexts(bytes: Uint8Array, view: DataView): string[] | undefined {
  const values: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 <= bytes.length ? at + 4 + view.getUint32(at, true) : Number.POSITIVE_INFINITY
    if (end > bytes.length) return undefined
    values.push(Buffer.from(bytes.subarray(at + 4, end)).toString())
    at = end
  }
  return values
}

/** Whether two values are the same to the datatype: floats after rounding to it, NaN equal to NaN. */
export function sameValue(datatype: string, a: Value, b: Value): boolean {
  const type = DATATYPES[datatype]
  if (type?.kind === 'int') return /^-?\d+$/.test(String(a)) && /^-?\d+$/.test(String(b)) && BigInt(a) === BigInt(b)
  if (type?.kind !== 'float') return a === b
  const [x, y] = [a, b].map((value) => Number(decodeBinary(datatype, encodeBinary(datatype, [value]))![0])) as [number, number]
  return x === y || (Number.isNaN(x) && Number.isNaN(y))
}
