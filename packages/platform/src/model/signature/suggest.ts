/** The candidate nearest to a mistyped word, when near enough to be meant. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3))
  let best: string | undefined
  let least = limit + 1
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > limit) continue
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < least) {
      least = distance
      best = candidate
    }
  }
  return best
}

/** ` (did you mean "x"?)`, or nothing; else lists the first candidates. */
export function hint(word: string, candidates: readonly string[]): string {
  const near = nearest(word, candidates)
  if (near !== undefined) return `; did you mean "${near}"?`
  const SHOWN = 12
  const list = candidates.slice(0, SHOWN).map((name) => `"${name}"`)
  return list.length === 0 ? '' : `; there ${list.length === 1 ? 'is' : 'are'} ${list.join(', ')}${candidates.length > SHOWN ? ', …' : ''}`
}

/** Edit distance in which swapping two neighbours is one edit. Words beyond 200 characters count as far apart. */
function editDistance(a: string, b: string): number {
  const LONGEST = 200
  if (a.length > LONGEST || b.length > LONGEST) return LONGEST
  const rows = [Array.from({ length: b.length + 1 }, (_, index) => index)]
  for (let row = 1; row <= a.length; row += 1) {
    const [above, current] = [rows[row - 1]!, [row]]
    for (let column = 1; column <= b.length; column += 1) {
      const change = above[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1)
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      const swap = swapped ? rows[row - 2]![column - 2]! + 1 : change
      current.push(Math.min(change, swap, above[column]! + 1, current[column - 1]! + 1))
    }
    rows.push(current)
  }
  return rows[a.length]![b.length]!
}
