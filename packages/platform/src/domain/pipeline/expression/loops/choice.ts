import type { DataOf, ValueType } from '../operand.ts'

/** Writes `a` where `choice` is 1 and `b` where it is 0. `out` may be any of them. */
type Choose<D> = (rows: { out: D; choice: Uint8Array; a: D; b: D; count: number }) => void

const chooseNumbers: Choose<Float64Array> = ({ out, choice, a, b, count }) => {
  for (let i = 0; i < count; i++) out[i] = choice[i] === 0 ? b[i]! : a[i]!
}

const chooseIntegers: Choose<BigInt64Array> = ({ out, choice, a, b, count }) => {
  for (let i = 0; i < count; i++) out[i] = choice[i] === 0 ? b[i]! : a[i]!
}

const chooseTexts: Choose<string[]> = ({ out, choice, a, b, count }) => {
  for (let i = 0; i < count; i++) out[i] = choice[i] === 0 ? b[i]! : a[i]!
}

export const chooseTruths: Choose<Uint8Array> = ({ out, choice, a, b, count }) => {
  for (let i = 0; i < count; i++) out[i] = choice[i] === 0 ? b[i]! : a[i]!
}

export const CHOOSE: { [T in ValueType]: Choose<DataOf[T]> } = {
  number: chooseNumbers,
  integer: chooseIntegers,
  text: chooseTexts,
  boolean: chooseTruths,
  time: chooseNumbers,
}
