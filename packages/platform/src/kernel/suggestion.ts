/** Edit distance of two words: insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, before[j - 2]! + 1)
      row.push(best)
    }
    before = last
    last = row
  }
  return last[b.length]!
}

/** The known word nearest to a mistyped one, for "did you mean …?"; `undefined` when none is near. Case does not count. */
export function nearestWord(word: string, known: Iterable<string>): string | undefined {
  // nobody mistypes a word this long, and the work grows with the square of the length
  if (word.length > 100) return undefined
  const wanted = word.toLowerCase()
  const allowed = Math.max(1, Math.floor(wanted.length / 3))
  let best: string | undefined
  let least = allowed + 1
  for (const candidate of known) {
    if (Math.abs(candidate.length - wanted.length) >= least) continue
    const own = distance(wanted, candidate.toLowerCase())
    if (own < least) {
      best = candidate
      least = own
    }
  }
  return best
}

/** ` Did you mean "…"?` to put behind an error's sentence, or nothing. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const nearest = nearestWord(word, known)
  return nearest === undefined ? '' : ` Did you mean "${nearest}"?`
}
