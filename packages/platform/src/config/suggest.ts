function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + change))
    }
    row = next
  }
  return row[b.length]!
}

/** The known word nearest to a mistyped one, or `undefined` when none is near. Case, `-` and `_` do not count. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[-_]/g, '')
  let best: string | undefined
  let least = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const candidate of known) {
    const d = distance(plain(word), plain(candidate))
    if (d < least) {
      least = d
      best = candidate
    }
  }
  return best
}

/** ` Did you mean "x"?` where something is near, else nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const nearest = suggest(word, known)
  return nearest === undefined ? '' : ` Did you mean "${nearest}"?`
}
