/** How the numbers of a column fall into buckets (assembly/abreast.ts): the first rank of each, and the steps to search the rest. */
export interface Buckets {
  readonly byBits: boolean
  readonly lowest: number
  readonly scale: number
  /** Number of the last bucket. */
  readonly top: number
  readonly starts: Uint16Array
  readonly steps: number
}

const MOST_BUCKETS = 2048
/** Keys beyond this are taken for it where the range of buckets is chosen, so that no difference of two overflows. */
const LARGEST = 1e37

const bits = new DataView(new ArrayBuffer(4))

/** The bits of an f32 as an integer that rises where the number rises, as f32: as the kernel has it. */
function byBits(x: number): number {
  bits.setFloat32(0, x + 0)
  const whole = bits.getInt32(0)
  return Math.fround(whole ^ ((whole >> 31) & 0x7fffffff))
}

/** Buckets for sorted thresholds: by the numbers or by their bits, whichever leaves less to search. */
export function bucketsOf(thresholds: Float64Array): Buckets {
  const most = Math.min(MOST_BUCKETS, 2 ** Math.ceil(Math.log2(thresholds.length * 8 + 1)))
  const plain = bucketsBy(thresholds, { byBits: false, most })
  if (plain.steps <= 2) return plain
  const other = bucketsBy(thresholds, { byBits: true, most })
  return other.steps < plain.steps ? other : plain
}

function bucketsBy(thresholds: Float64Array, options: { byBits: boolean; most: number }): Buckets {
  const keyOf = (x: number): number => (options.byBits ? byBits(Math.fround(x)) : Math.fround(x))
  const keys = Float64Array.from(thresholds, keyOf)
  const clip = options.byBits ? Number.POSITIVE_INFINITY : LARGEST
  const lowest = Math.fround(Math.max(-clip, keys[0]!))
  const range = Math.min(clip, keys.at(-1)!) - lowest
  const finest = Math.fround((options.most - 1) / range)
  // thresholds that lie closer than f32 can scale stay in one bucket
  const top = range > 0 && Number.isFinite(finest) ? options.most - 1 : 0
  const scale = top > 0 ? finest : 1
  const bucketOf = (key: number): number => {
    const at = Math.fround(Math.fround(key - lowest) * scale)
    return Math.fround(Math.max(0, Math.min(top, at)) + 8_388_608) - 8_388_608
  }
  const counts = new Uint16Array(top + 1)
  for (const key of keys) counts[bucketOf(key)]!++
  const starts = new Uint16Array(top + 1)
  for (let at = 1; at <= top; at++) starts[at] = starts[at - 1]! + counts[at - 1]!
  return { byBits: options.byBits, lowest, scale, top, starts, steps: Math.ceil(Math.log2(counts.reduce((a, b) => Math.max(a, b)) + 1)) }
}
