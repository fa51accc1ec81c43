import { TEST, type Trees } from '../form/trees.ts'

/** Which column of another ensemble a column of this one is; −1 for none. */
export type ColumnMap = Int32Array

/** Whether two trees ask the same and answer the same, however their nodes are numbered. */
export function sameTree(a: Trees, b: Trees, { tree, columns }: { tree: number; columns: ColumnMap }): boolean {
  if (a.leaf === 'scalar' && a.target[tree] !== b.target[tree]) return false
  const open = [a.roots[tree]!, b.roots[tree]!]
  while (open.length > 0) {
    const right = open.pop()!
    const left = open.pop()!
    if (!sameNode(a, b, { left, right, columns })) return false
    if (a.feature[left] !== -1) open.push(a.yes[left]!, b.yes[right]!, a.no[left]!, b.no[right]!)
  }
  return true
}

interface Pair {
  readonly left: number
  readonly right: number
  readonly columns: ColumnMap
}

function sameNode(a: Trees, b: Trees, { left, right, columns }: Pair): boolean {
  const column = a.feature[left]!
  if (column === -1) return b.feature[right] === -1 && sameLeaf(a, b, { left, right, columns })
  if (columns[column] !== b.feature[right] || a.rule[left] !== b.rule[right]) return false
  if ((a.rule[left]! & 3) === TEST.in) return sameSet(a, b, { left: a.value[left]!, right: b.value[right]! })
  return Object.is(a.value[left], b.value[right])
}

function sameSet(a: Trees, b: Trees, { left, right }: { left: number; right: number }): boolean {
  const size = a.sets.start[left + 1]! - a.sets.start[left]!
  if (b.sets.start[right + 1]! - b.sets.start[right]! !== size) return false
  for (let word = 0; word < size; word++) if (a.sets.words[a.sets.start[left]! + word] !== b.sets.words[b.sets.start[right]! + word]) return false
  return true
}

function sameLeaf(a: Trees, b: Trees, { left, right, columns }: Pair): boolean {
  const [x, y] = [a.yes[left]!, b.yes[right]!]
  if (a.leaf === 'vector') {
    for (let output = 0; output < a.outputs; output++) if (!Object.is(a.vectors[x * a.outputs + output], b.vectors[y * b.outputs + output])) return false
    return true
  }
  if (!Object.is(a.value[left], b.value[right]) || x < 0 !== y < 0) return false
  return x < 0 || sameLine(a.linear!, b.linear!, { left: x, right: y, columns })
}

type Linear = NonNullable<Trees['linear']>

function sameLine(a: Linear, b: Linear, { left, right, columns }: Pair): boolean {
  const terms = a.start[left + 1]! - a.start[left]!
  if (b.start[right + 1]! - b.start[right]! !== terms || !Object.is(a.constant[left], b.constant[right])) return false
  for (let term = 0; term < terms; term++) {
    const [x, y] = [a.start[left]! + term, b.start[right]! + term]
    if (columns[a.feature[x]!] !== b.feature[y] || !Object.is(a.coefficient[x], b.coefficient[y])) return false
  }
  return true
}

/** Whether two plain values, of numbers, texts, lists, arrays and objects, are the same all through. */
export function sameValues(a: unknown, b: unknown): boolean {
  const open: (readonly [unknown, unknown])[] = [[a, b]]
  while (open.length > 0) {
    const [x, y] = open.pop()!
    if (Object.is(x, y)) continue
    if (typeof x !== 'object' || typeof y !== 'object' || x === null || y === null) return false
    const keys = Object.keys(x)
    if (keys.length !== Object.keys(y).length) return false
    for (const key of keys) open.push([(x as Record<string, unknown>)[key], (y as Record<string, unknown>)[key]])
  }
  return true
}
