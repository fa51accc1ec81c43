const LEAST = 1e-15
const MOST_TURNS = 100

/**
 * Weights of a logistic regression without a penalty, by Newton's method: the last is the constant. `features` has one array for each weight but the last.
 * Stops where a turn changes nothing any more.
 */
function logistic(features: readonly Float64Array[], targets: Float64Array): number[] {
  const width = features.length + 1
  let weights = new Array<number>(width).fill(0)
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const gradient = new Array<number>(width).fill(0)
    const curvature = Array.from({ length: width }, () => new Array<number>(width).fill(0))
    for (let row = 0; row < targets.length; row++) {
      const own = [...features.map((feature) => feature[row]!), 1]
      const score = own.reduce((sum, value, k) => sum + value * weights[k]!, 0)
      const p = 1 / (1 + Math.exp(-score))
      for (let k = 0; k < width; k++) {
        gradient[k]! += (targets[row]! - p) * own[k]!
        for (let j = 0; j < width; j++) curvature[k]![j]! += p * (1 - p) * own[k]! * own[j]!
      }
    }
    const change = solved(curvature, gradient)
    weights = weights.map((weight, k) => weight + change[k]!)
    if (change.every((value) => Math.abs(value) < 1e-10)) break
  }
  return weights
}

/** Solves a small system of equations; what is not determined stays 0. */
function solved(matrix: number[][], right: number[]): number[] {
  const n = right.length
  const a = matrix.map((row, i) => [...row.map((value, j) => value + (i === j ? 1e-12 : 0)), right[i]!])
  for (let k = 0; k < n; k++) {
    let pivot = k
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i]![k]!) > Math.abs(a[pivot]![k]!)) pivot = i
    ;[a[k], a[pivot]] = [a[pivot]!, a[k]!]
    if (Math.abs(a[k]![k]!) < 1e-300) continue
    for (let i = 0; i < n; i++) {
      if (i === k) continue
      const factor = a[i]![k]! / a[k]![k]!
      for (let j = k; j <= n; j++) a[i]![j]! -= factor * a[k]![j]!
    }
  }
  return a.map((row, k) => (Math.abs(row[k]!) < 1e-300 ? 0 : row[n]! / row[k]!))
}

/** Platt's calibration: targets a little away from 0 and 1, as he has them, so that it ends also where classes are told apart perfectly. */
export function fitPlatt(p: Float64Array, truth: Uint8Array): { a: number; b: number } {
  const positives = truth.reduce((sum, one) => sum + one, 0)
  const [high, low] = [(positives + 1) / (positives + 2), 1 / (truth.length - positives + 2)]
  const [slope, constant] = logistic(
    [p],
    Float64Array.from(truth, (one) => (one === 1 ? high : low)),
  ) as [number, number]
  return { a: -slope, b: -constant }
}

/** Beta calibration: a logistic regression over ln p and −ln(1 − p). */
export function fitBeta(p: Float64Array, truth: Uint8Array): { a: number; b: number; c: number } {
  const inside = p.map((value) => Math.min(1 - LEAST, Math.max(LEAST, value)))
  const [a, b, c] = logistic([inside.map(Math.log), inside.map((value) => -Math.log1p(-value))], Float64Array.from(truth)) as [number, number, number]
  return { a, b, c }
}

/** Isotonic regression by pooling neighbours that are out of order: where each step of the stairs begins and ends. */
export function fitIsotonic(p: Float64Array, truth: Uint8Array): { x: number[]; y: number[] } {
  const order = Array.from(p.keys()).sort((i, j) => p[i]! - p[j]!)
  const blocks: { from: number; to: number; sum: number; count: number }[] = []
  for (const row of order) {
    const last = blocks.at(-1)
    if (last && last.to === p[row]! && last.from === last.to) {
      last.sum += truth[row]!
      last.count++
    } else blocks.push({ from: p[row]!, to: p[row]!, sum: truth[row]!, count: 1 })
  }
  const pooled: typeof blocks = []
  for (const block of blocks) {
    let own = block
    for (let before = pooled.at(-1); before && before.sum / before.count >= own.sum / own.count; before = pooled.at(-1)) {
      own = { from: before.from, to: own.to, sum: before.sum + own.sum, count: before.count + own.count }
      pooled.pop()
    }
    pooled.push(own)
  }
  const points = pooled.flatMap(({ from, to, sum, count }) =>
    from === to
      ? [[from, sum / count]]
      : [
          [from, sum / count],
          [to, sum / count],
        ],
  ) as [number, number][]
  return { x: points.map(([x]) => x), y: points.map(([, y]) => y) }
}
