/** Points between 0 and 1 and their weights, which sum up to 1. */
export interface Points {
  readonly at: Float64Array
  readonly weight: Float64Array
}

/** Gauss and Legendre's points: with n of them every polynomial up to degree 2n − 1 is integrated from 0 to 1 exactly. */
export function gaussLegendre(n: number): Points {
  const at = new Float64Array(n)
  const weight = new Float64Array(n)
  for (let k = 0; k < n; k++) {
    let x = Math.cos((Math.PI * (k + 0.75)) / (n + 0.5))
    let slope = 1
    for (let round = 0; round < 100; round++) {
      const found = legendre(n, x)
      slope = found.slope
      const step = found.value / slope
      x -= step
      if (Math.abs(step) < 1e-16) break
    }
    at[n - 1 - k] = (1 + x) / 2
    weight[n - 1 - k] = 1 / ((1 - x * x) * slope * slope)
  }
  return { at, weight }
}

/** Legendre's polynomial of degree n and its derivative. */
function legendre(n: number, x: number): { value: number; slope: number } {
  let before = 1
  let value = x
  for (let k = 2; k <= n; k++) {
    const next = ((2 * k - 1) * x * value - (k - 1) * before) / k
    before = value
    value = next
  }
  return { value, slope: (n * (x * value - before)) / (x * x - 1) }
}
