import type { DataType, Signature } from '@fairlead/contract'
import { INTEGER_RANGES, isBigInteger, isFloat, isInteger } from '@fairlead/contract'
import { ByName } from '../../../kernel/by-name.ts'
import { numberToHalf } from '../number-text.ts'
import { allocate, sizeOf } from '../tensors.ts'
import type { TensorData, Tensors } from '../types.ts'

/** Values by which a model decides, for one column of a tensor. */
export interface ColumnProbes {
  numbers: readonly number[]
  texts: readonly string[]
}

/** Size that a dimension of any size gets. */
const FREE_SIZE = 3
const PLAIN = [0, 1, -1, 0.5, 2, 3, 10, 100, -100, 0.001, 12345.678]
const ODD = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 1e-40, 1e30, -1e30]
const OTHER_TEXTS = ['', 'no such text', 'ä€😀']

/** Numbers from 0 up to 1, the same at every run (mulberry32). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/**
 * Rows for a model whose data is not known: values by which it decides, their neighbours on both sides in the precision of the tensor,
 * plain numbers, and now and then what is no number at all. The same rows for the same signature and probes.
 */
export function madeRows(signature: Pick<Signature, 'inputs'>, probes: ReadonlyMap<string, readonly ColumnProbes[]>, rows: number): Tensors {
  const next = random(0x5eed)
  const tensors: Tensors = new ByName()
  for (const { name, type, shape } of signature.inputs) {
    const inner = shape.slice(1).map((size) => (size < 0 ? FREE_SIZE : size))
    const width = sizeOf(inner)
    const data = allocate(type, rows * width)
    const columns = probes.get(name) ?? []
    // every eighth row has odd values: more would drown all others
    for (let at = 0; at < rows * width; at++) put(data, at, { type, probes: columns[at % width], odd: Math.floor(at / width) % 8 === 7, next })
    tensors[name] = { type, shape: [rows, ...inner], data }
  }
  return tensors
}

interface Wanted {
  type: DataType
  probes: ColumnProbes | undefined
  odd: boolean
  next: () => number
}

function put(data: TensorData, at: number, { type, probes, odd, next }: Wanted): void {
  if (type === 'string') (data as string[])[at] = textOf(probes?.texts ?? [], next)
  else if (type === 'bool') (data as Uint8Array)[at] = next() < 0.5 ? 0 : 1
  else if (isFloat(type)) {
    const value = floatOf(probes?.numbers ?? [], { odd, single: type === 'float32', next })
    ;(data as Float64Array)[at] = type === 'float16' ? numberToHalf(value) : value
  } else if (isInteger(type)) {
    const value = wholeOf(type, probes?.numbers ?? [], next)
    if (isBigInteger(type)) (data as BigInt64Array)[at] = BigInt(value)
    else (data as Int32Array)[at] = value
  }
}

function pick<T>(from: readonly T[], next: () => number): T {
  return from[Math.floor(next() * from.length)]!
}

function textOf(known: readonly string[], next: () => number): string {
  return known.length > 0 && next() < 0.85 ? pick(known, next) : pick(OTHER_TEXTS, next)
}

function floatOf(known: readonly number[], { odd, single, next }: { odd: boolean; single: boolean; next: () => number }): number {
  if (odd && next() < 0.2) return pick(ODD, next)
  if (known.length > 0 && next() < 0.75) return beside(pick(known, next), Math.floor(next() * 3) - 1, single)
  const spread = known.length > 0 ? Math.abs(pick(known, next)) || 1 : 10
  return next() < 0.4 ? pick(PLAIN, next) : (next() * 4 - 2) * spread
}

function wholeOf(type: keyof typeof INTEGER_RANGES, known: readonly number[], next: () => number): number {
  const value = known.length > 0 && next() < 0.75 ? pick(known, next) + Math.floor(next() * 3) - 1 : Math.floor(next() * 200) - 50
  const [low, high] = INTEGER_RANGES[type]
  const whole = Number.isFinite(value) ? Math.trunc(value) : 0
  return Math.min(Math.max(whole, Math.max(Number(low), -(2 ** 52))), Math.min(Number(high), 2 ** 52))
}

const bits64 = new BigInt64Array(1)
const as64 = new Float64Array(bits64.buffer)
const bits32 = new Int32Array(1)
const as32 = new Float32Array(bits32.buffer)

/** The number itself, or its next neighbour below or above in the precision of the tensor. */
function beside(value: number, way: number, single: boolean): number {
  if (way === 0 || !Number.isFinite(value) || value === 0) return value + way * (value === 0 ? 1e-30 : 0)
  const up = value > 0 ? way : -way
  if (single) {
    as32[0] = value
    bits32[0]! += up
    return as32[0]!
  }
  as64[0] = value
  bits64[0]! += BigInt(up)
  return as64[0]!
}
