import { UnreadableModel } from '../unreadable.ts'
import { MISSING, TEST, type Trees } from './trees.ts'

/** The nodes of one tree, by column. A child is a node's number in the tree; −1 in `feature` marks a leaf. */
export interface TreeNodes {
  readonly count: number
  readonly feature: Float64Array | Int32Array
  /** Threshold of a split; number of its set, in the grove's sets, for one that asks for members. */
  readonly threshold: Float64Array
  readonly yes: Float64Array | Int32Array
  readonly no: Float64Array | Int32Array
  readonly missingYes?: Float64Array
  /** 1 where a split asks for members of a set. */
  readonly inSet?: Float64Array
  /** The whole rule of each split, in the place of the two above. */
  readonly rule?: Uint8Array
  readonly cover?: Float64Array
  readonly gain?: Float64Array
  /** Writes what a leaf gives. */
  leaf(node: number, out: Float64Array): void
}

export interface GroveOptions {
  readonly features: number
  readonly outputs: number
  readonly compare: 'f32' | 'f64'
  /** Type of leaves and sums: doubles unless it is said. */
  readonly sum?: 'f32' | 'f64'
  /** Each leaf gives all outputs (vector), or one for the tree's own (scalar). */
  readonly leaf: 'scalar' | 'vector'
  /** Nodes of all trees together, so that arrays are made once. */
  readonly nodes: number
  readonly divisor?: number
  /** How trees come together: by their sum unless it is said. */
  readonly aggregate?: 'sum' | 'max'
  readonly base?: Float64Array
}

/** Collects trees into the arrays of the form, and refuses what is no tree. */
export class Grove {
  private readonly options: GroveOptions
  private readonly roots: number[] = []
  private readonly targets: number[] = []
  private readonly feature: Int32Array
  private readonly rule: Uint8Array
  private readonly value: Float64Array
  private readonly yes: Int32Array
  private readonly no: Int32Array
  private readonly cover: Float64Array
  private readonly gain: Float64Array
  private vectors = new Float64Array(0)
  private readonly sets: { start: number[]; words: number[] } = { start: [0], words: [] }
  private hasCover = true
  private hasGain = true
  private used = 0
  private leaves = 0

  constructor(options: GroveOptions) {
    const { nodes } = options
    this.options = options
    this.feature = new Int32Array(nodes)
    this.rule = new Uint8Array(nodes)
    this.value = new Float64Array(nodes)
    this.yes = new Int32Array(nodes)
    this.no = new Int32Array(nodes)
    this.cover = new Float64Array(nodes)
    this.gain = new Float64Array(nodes)
  }

  /** Adds a set of small whole numbers; gives its number. */
  addSet(words: ArrayLike<number>): number {
    for (let i = 0; i < words.length; i += 1) this.sets.words.push(words[i] as number)
    return this.sets.start.push(this.sets.words.length) - 2
  }

  /** Adds a tree that sums into an output. Throws UnreadableModel unless its nodes make one tree. */
  add(nodes: TreeNodes, target: number, where: string): void {
    checkTree(nodes, this.options.features, where)
    this.hasCover &&= nodes.cover !== undefined
    this.hasGain &&= nodes.gain !== undefined
    const from = this.used
    this.roots.push(from)
    this.targets.push(target)
    const vector = new Float64Array(this.options.leaf === 'vector' ? this.options.outputs : 1)
    for (let i = 0; i < nodes.count; i += 1) {
      const at = from + i
      const column = nodes.feature[i] as number
      this.feature[at] = column
      if (nodes.cover !== undefined) this.cover[at] = nodes.cover[i] as number
      if (column >= 0) this.addSplit(nodes, i, at)
      else {
        nodes.leaf(i, vector)
        this.addLeaf(at, vector)
      }
    }
    this.used += nodes.count
  }

  trees(): Trees {
    const { features, outputs, compare, leaf, sum = 'f64', divisor = 1, aggregate = 'sum', base = new Float64Array(outputs) } = this.options
    return {
      features,
      outputs,
      compare,
      sum,
      zero: 0,
      roots: Int32Array.from(this.roots),
      target: Int32Array.from(this.targets),
      feature: this.feature,
      rule: this.rule,
      value: this.value,
      yes: this.yes,
      no: this.no,
      leaf,
      vectors: this.vectors.slice(0, leaf === 'vector' ? this.leaves * outputs : 0),
      sets: { start: Int32Array.from(this.sets.start), words: Uint32Array.from(this.sets.words) },
      base,
      baseFirst: true,
      aggregate,
      divisor,
      ...(this.hasCover ? { cover: this.cover } : {}),
      ...(this.hasGain ? { gain: this.gain } : {}),
    }
  }

  private addLeaf(at: number, vector: Float64Array): void {
    this.yes[at] = -1
    this.no[at] = -1
    if (this.options.leaf === 'scalar') {
      this.value[at] = vector[0] as number
      return
    }
    const end = (this.leaves + 1) * vector.length
    if (end > this.vectors.length) {
      const larger = new Float64Array(end * 2)
      larger.set(this.vectors)
      this.vectors = larger
    }
    this.vectors.set(vector, end - vector.length)
    this.yes[at] = this.leaves
    this.leaves += 1
  }

  private addSplit(nodes: TreeNodes, i: number, at: number): void {
    const rule = nodes.rule?.[i] ?? (nodes.inSet?.[i] ? TEST.in : TEST.atMost) | (nodes.missingYes?.[i] ? MISSING.yes : 0)
    this.rule[at] = rule
    const threshold = nodes.threshold[i] as number
    this.value[at] = (rule & 3) === TEST.atMost && this.options.compare === 'f32' ? floorToFloat(threshold) : threshold
    this.yes[at] = this.used + (nodes.yes[i] as number)
    this.no[at] = this.used + (nodes.no[i] as number)
    if (nodes.gain !== undefined) this.gain[at] = nodes.gain[i] as number
  }
}

/** Every node is reached from the first, once, and tests a column that there is. */
function checkTree({ count, feature, yes, no }: TreeNodes, features: number, where: string): void {
  const broken = (node: number, what: string) => new UnreadableModel('malformed', `${where}.nodes[${node}]`, what)
  if (count < 1) throw new UnreadableModel('malformed', where, 'a tree without nodes')
  const seen = new Uint8Array(count)
  const open = new Int32Array(count + 1)
  let top = 1
  let reached = 0
  while (top > 0) {
    top -= 1
    const node = open[top] as number
    if (seen[node] === 1) throw broken(node, 'it is reached twice: not a tree')
    seen[node] = 1
    reached += 1
    const column = feature[node] as number
    if (column < 0) continue
    if (!(column < features && Number.isInteger(column))) throw broken(node, `it tests column ${column} of ${features}`)
    for (const child of [yes[node] as number, no[node] as number]) {
      if (!(child > 0 && child < count && Number.isInteger(child))) throw broken(node, `a child is node ${child} of ${count}`)
      if (top > count - 1) throw broken(node, 'it is reached twice: not a tree')
      open[top] = child
      top += 1
    }
  }
  if (reached !== count) throw new UnreadableModel('malformed', where, `${count - reached} of ${count} nodes belong to no tree`)
}

const FLOAT = new Float32Array(1)
const BITS = new Int32Array(FLOAT.buffer)

/** The largest float32 that is not above a number: for a float32 x, x ≤ t means x ≤ this. */
export function floorToFloat(t: number): number {
  FLOAT[0] = t
  if ((FLOAT[0] as number) <= t || Number.isNaN(t)) return FLOAT[0] as number
  if (FLOAT[0] === 0) return -(2 ** -149)
  BITS[0] = (BITS[0] as number) + ((FLOAT[0] as number) > 0 ? -1 : 1)
  return FLOAT[0] as number
}
