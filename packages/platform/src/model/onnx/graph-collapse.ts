/** An operator to draw, with the tensors it joins. */
export interface DrawnNode {
  op: string
  name: string
  inputs: string[]
  outputs: string[]
}

/** A drawn box: one operator, or several that look alike. */
export interface Box {
  id: string
  op: string
  name: string
  count: number
}

/** Boxes in drawing order, and the box of each operator. */
export interface Collapsed {
  nodes: Box[]
  memberOf: string[]
  /** Whether boxes were left out for want of room. */
  truncated: boolean
}

/** Longest block, in boxes, that is recognised as repeating. */
const BLOCK_LIMIT = 60

/** Draws at most `limit` boxes for operators given in running order with the indices of those that feed each. */
export function collapse(nodes: readonly DrawnNode[], producers: readonly (readonly number[])[], limit: number): Collapsed {
  let groups = nodes.map((_, index) => index)
  if (nodes.length > limit) groups = mergeLayers(nodes, producers)
  let boxes = boxesOf(nodes, groups)
  if (boxes.length > limit) {
    groups = mergeBlocks(nodes, groups)
    boxes = boxesOf(nodes, groups)
  }
  const members = groups.map((group) => `n${group}`)
  if (boxes.length <= limit) return { nodes: boxes, memberOf: members, truncated: false }
  return truncate(boxes, members, limit)
}

/** Operators of one kind that run at the same depth become one: parallel branches, columns encoded alike. */
function mergeLayers(nodes: readonly DrawnNode[], producers: readonly (readonly number[])[]): number[] {
  const depth: number[] = []
  const first = new Map<string, number>()
  return nodes.map((node, index) => {
    const level = producers[index]!.reduce((deepest, feeder) => Math.max(deepest, depth[feeder]! + 1), 0)
    depth.push(level)
    const key = `${level} ${node.op}`
    const group = first.get(key) ?? index
    first.set(key, group)
    return group
  })
}

/** A block of operators that follows itself becomes one block: the layers of a deep network. */
function mergeBlocks(nodes: readonly DrawnNode[], groups: readonly number[]): number[] {
  const order = [...new Set(groups)].sort((a, b) => a - b)
  const target = new Map(order.map((group) => [group, group]))
  for (let start = 0; start < order.length; ) {
    const length = blockLength(nodes, order, start)
    if (length === 0) {
      start += 1
      continue
    }
    let position = start + length
    while (position < order.length && nodes[order[position]!]!.op === nodes[order[position - length]!]!.op) {
      target.set(order[position]!, target.get(order[position - length]!)!)
      position += 1
    }
    start = position
  }
  return groups.map((group) => target.get(group)!)
}

/** Length of the shortest block at `start` that is followed by itself; 0 if there is none. */
function blockLength(nodes: readonly DrawnNode[], order: readonly number[], start: number): number {
  for (let length = 1; length <= BLOCK_LIMIT && start + 2 * length <= order.length; length += 1) {
    let same = true
    for (let offset = 0; same && offset < length; offset += 1) same = nodes[order[start + offset]!]!.op === nodes[order[start + length + offset]!]!.op
    if (same) return length
  }
  return 0
}

function boxesOf(nodes: readonly DrawnNode[], groups: readonly number[]): Box[] {
  const boxes = new Map<number, Box>()
  groups.forEach((group, index) => {
    const box = boxes.get(group)
    if (box) box.count += 1
    else boxes.set(group, { id: `n${group}`, op: nodes[index]!.op, name: nodes[index]!.name, count: 1 })
  })
  return [...boxes.values()]
}

/** Keeps the beginning and the end; the middle becomes one box. */
function truncate(boxes: readonly Box[], members: readonly string[], limit: number): Collapsed {
  const head = Math.ceil((limit - 1) * (2 / 3))
  const tail = limit - 1 - head
  const middle = boxes.slice(head, boxes.length - tail)
  const gap: Box = { id: 'gap', op: '…', name: 'left out', count: middle.reduce((sum, box) => sum + box.count, 0) }
  const hidden = new Set(middle.map((box) => box.id))
  return {
    nodes: [...boxes.slice(0, head), gap, ...boxes.slice(boxes.length - tail)],
    memberOf: members.map((id) => (hidden.has(id) ? gap.id : id)),
    truncated: true,
  }
}
