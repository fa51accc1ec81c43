import type { CheckedLoop } from '../node.ts'

type Checked = CheckedLoop<'number', 'number'>

/** Half away from zero. Adding a half and cutting would round up what is just below it. */
export function roundWhole(x: number): number {
  const whole = Math.trunc(x)
  return Math.abs(x - whole) >= 0.5 ? whole + Math.sign(x) : whole
}

/** A function that takes longer than the call of one; null where it is NaN and its argument is not. */
export function partial(of: (x: number) => number): Checked {
  return (out, a, bad, count) => {
    let any = false
    for (let i = 0; i < count; i++) {
      const x = a[i]!
      const y = of(x)
      if (Number.isNaN(y) && !Number.isNaN(x)) {
        bad[i] = 1
        any = true
      }
      out[i] = y
    }
    return any
  }
}
