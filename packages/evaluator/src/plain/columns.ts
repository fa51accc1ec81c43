import type { Cast, Columns, Concat, Replace } from '../form/steps.ts'
import { each, put, type Value, zeros } from './value.ts'

/** Another element type. */
export function cast({ to }: Cast, [of]: readonly Value[], rows: number): Value {
  const result = zeros(to, rows, of!.width)
  for (const [at, x] of of!.data.entries()) {
    if (to === 'bool') result.data[at] = Number(x) === 0 ? 0 : 1
    else if (result.data instanceof BigInt64Array) result.data[at] = typeof x === 'bigint' ? x : whole64(x)
    else if (to === 'i32') result.data[at] = typeof x === 'bigint' ? Number(BigInt.asIntN(32, x)) : whole32(x)
    else put(result, at, to === 'f32' && typeof x === 'bigint' ? single(x) : Number(x))
  }
  return result
}

/** The nearest float: beyond 2^53 the low bits, which a double would round before, count only as one that is not zero. */
function single(x: bigint): number {
  const size = x < 0n ? -x : x
  if (size < 2n ** 53n) return Math.fround(Number(x))
  const top = size >> 12n
  const nearest = Math.fround(Number(top << 12n === size ? top : top | 1n) * 4096)
  return x < 0n ? -nearest : nearest
}

/** Toward zero; what does not fit, and NaN, becomes the smallest number, as x86 does it. */
function whole64(x: number): bigint {
  return x >= -(2 ** 63) && x < 2 ** 63 ? BigInt(Math.trunc(x)) : -(2n ** 63n)
}

function whole32(x: number): number {
  const cut = Math.trunc(x)
  return cut >= -(2 ** 31) && cut < 2 ** 31 ? cut : -(2 ** 31)
}

/** Values of one type side by side. */
export function concat(_: Concat, of: readonly Value[], rows: number): Value {
  const width = of.reduce((sum, value) => sum + value.width, 0)
  const result = zeros(of[0]!.type, rows, width)
  let from = 0
  for (const value of of) {
    for (let row = 0; row < rows; row++) result.data.set(value.data.subarray(row * value.width, (row + 1) * value.width) as never, row * width + from)
    from += value.width
  }
  return result
}

/** Some columns, in the order of `indices`. */
export function columns({ indices }: Columns, [of]: readonly Value[], rows: number): Value {
  const result = zeros(of!.type, rows, indices.length)
  for (let row = 0; row < rows; row++) {
    for (const [at, index] of indices.entries()) result.data[row * indices.length + at] = of!.data[row * of!.width + index]!
  }
  return result
}

/** One number for another. */
export function replace({ what, with: by }: Replace, [of]: readonly Value[], rows: number): Value {
  const result = zeros(of!.type, rows, of!.width)
  result.data.set(of!.data as never)
  const sought = of!.type === 'f32' ? Math.fround(what) : what
  for (const [at, x] of of!.data.entries()) {
    if (Number(x) === sought || (Number.isNaN(x) && Number.isNaN(sought))) put(result, at, each(by, at % of!.width))
  }
  return result
}
