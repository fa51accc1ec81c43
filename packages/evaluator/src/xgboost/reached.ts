import type { Cursor } from './cursor.ts'

/** Children of a tree's nodes, counted from its root; a node without a left one is a leaf. */
export interface Children {
  readonly left: Int32Array
  readonly right: Int32Array
}

/**
 * Marks the nodes that a tree reaches from its root. Refuses a child out of range, and a node that is reached twice:
 * then it is no tree, or goes round in circles.
 */
export function reached(cursor: Cursor, { left, right }: Children): { marks: Uint8Array; count: number } {
  const nodes = left.length
  const marks = new Uint8Array(nodes)
  const queue = new Int32Array(nodes)
  let count = 1
  marks[0] = 1
  const visit = (child: number, key: string, node: number): void => {
    if (child < 0 || child >= nodes) cursor.refuse(`${key}[${node}] is ${child}, and the tree has ${nodes} nodes`)
    if (marks[child] === 1) cursor.refuse(`${key}[${node}] is ${child}, a node that was reached before: this is no tree`)
    marks[child] = 1
    queue[count++] = child
  }
  for (let at = 0; at < count; at++) {
    const node = queue[at]!
    if (left[node] === -1) continue
    visit(left[node]!, 'left_children', node)
    visit(right[node]!, 'right_children', node)
  }
  return { marks, count }
}
