import type { Trees } from '../../form/trees.ts'

/** Told of every node of a tree and its place. */
export interface Visitor {
  /** A split whose children take the places `children` and the one behind; answers whether `no` takes the second instead of `yes`. */
  split(node: number, place: number, children: number): boolean
  leaf(node: number, place: number): void
}

/** What a tree takes. */
export interface Extent {
  /** Places, from the root's 0 on. */
  readonly size: number
  readonly depth: number
}

/**
 * Gives the nodes of trees their places: children side by side, and behind a pair those of its two, so that a way down goes on in the
 * same line of the cache for two levels, and for three at the root. Children come after their parents.
 */
export class Layout {
  readonly #trees: Trees
  /** Places of a line of the cache, which no such block of up to six nodes crosses; 1 where it may. */
  readonly #line: number
  #next = 0
  #deepest = 0
  /** Splits whose children have no place: node, place, level. */
  #open = new Int32Array(1024)
  #count = 0

  constructor(trees: Trees, line: number) {
    this.#trees = trees
    this.#line = line
  }

  /** Goes through a tree; the same tree in the same way every time. */
  go(root: number, visitor: Visitor): Extent {
    this.#next = 1
    this.#deepest = 0
    if (this.#trees.feature[root]! < 0) visitor.leaf(root, 0)
    else {
      this.#next = 2
      this.#push(root, 0, 0)
    }
    while (this.#count > 0) this.#block(visitor)
    return { size: this.#next, depth: this.#deepest }
  }

  /** The children of a split, and theirs. */
  #block(visitor: Visitor): void {
    const { feature, yes, no } = this.#trees
    const at = --this.#count * 3
    const [node, place, level] = [this.#open[at]!, this.#open[at + 1]!, this.#open[at + 2]!]
    const pairs = 1 + (feature[yes[node]!]! < 0 ? 0 : 1) + (feature[no[node]!]! < 0 ? 0 : 1)
    const line = this.#line
    if (line > 1 && (this.#next % line) + 2 * pairs > line) this.#next = Math.ceil(this.#next / line) * line
    this.#pair(node, place, { visitor, level: level + 1, inside: true })
  }

  #pair(node: number, place: number, { visitor, level, inside }: { visitor: Visitor; level: number; inside: boolean }): void {
    const { feature, yes, no } = this.#trees
    const children = this.#next
    this.#next += 2
    const turned = visitor.split(node, place, children)
    if (level > this.#deepest) this.#deepest = level
    for (let second = 0; second < 2; second++) {
      const child = (second === 1) === turned ? no[node]! : yes[node]!
      if (feature[child]! < 0) visitor.leaf(child, children + second)
      else if (inside) this.#pair(child, children + second, { visitor, level: level + 1, inside: false })
      else this.#push(child, children + second, level)
    }
  }

  #push(node: number, place: number, level: number): void {
    const at = this.#count++ * 3
    if (at + 3 > this.#open.length) {
      const larger = new Int32Array(this.#open.length * 2)
      larger.set(this.#open)
      this.#open = larger
    }
    this.#open[at] = node
    this.#open[at + 1] = place
    this.#open[at + 2] = level
  }
}
