import { type Sets, TEST, type Trees } from '../form/trees.ts'

/** Bytes of the sets that splits of an ensemble speak of. */
export function setBytes({ sets }: Trees): number {
  return sets.words.length * 4
}

/** Writes what a split tests: its rule at 4, and at 8 its threshold, or address and number of the words of its set. */
export function writeSplit(view: DataView, at: number, { trees, node, setsAt }: { trees: Trees; node: number; setsAt: number }): void {
  const rule = trees.rule[node]!
  view.setUint32(at + 4, rule, true)
  if ((rule & 3) !== TEST.in) {
    view.setFloat64(at + 8, trees.value[node]!, true)
    return
  }
  const { first, words } = members(trees.sets, trees.value[node]!)
  view.setUint32(at + 8, setsAt + first * 4, true)
  view.setUint32(at + 12, words, true)
}

function members({ start }: Sets, set: number): { first: number; words: number } {
  const first = start[set]!
  return { first, words: start[set + 1]! - first }
}
