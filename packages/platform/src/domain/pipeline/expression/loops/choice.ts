/** Writes `a` where `choice` is 1 and `b` where it is 0. `out` may be any of them. */
export function chooseTexts({ out, choice, a, b, count }: { out: string[]; choice: Uint8Array; a: string[]; b: string[]; count: number }): void {
  for (let i = 0; i < count; i++) out[i] = choice[i] === 0 ? b[i]! : a[i]!
}
