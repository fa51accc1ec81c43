import type { TreeNodes } from '../form/grove.ts'

/** Nodes of a tree while it is written, in arrays that grow and serve the next tree again. What is kept of a tree is of its own size. */
export class TreeColumns {
  /** Numbers that a leaf gives. */
  readonly #width: number
  #feature = new Int32Array(64)
  #rule = new Uint8Array(64)
  #value = new Float64Array(64)
  #yes = new Int32Array(64)
  #no = new Int32Array(64)
  /** Of leaves that give several numbers; a node then has the place of its own. */
  #payload = new Float64Array(64)
  #count = 0
  #paid = 0

  constructor(width: number) {
    this.#width = width
  }

  get count(): number {
    return this.#count
  }

  /** Begins a tree. */
  clear(): void {
    this.#count = 0
    this.#paid = 0
  }

  /** Adds a node; gives its number. */
  add(): number {
    const node = this.#count
    if (node === this.#feature.length) this.#grow()
    this.#feature[node] = -1
    this.#rule[node] = 0
    this.#value[node] = 0
    this.#yes[node] = -1
    this.#no[node] = -1
    this.#count++
    return node
  }

  /** Makes a node a child of another. */
  join(parent: number, side: 'yes' | 'no', node: number): void {
    if (side === 'yes') this.#yes[parent] = node
    else this.#no[parent] = node
  }

  split(node: number, { feature, rule, value }: { readonly feature: number; readonly rule: number; readonly value: number }): void {
    this.#feature[node] = feature
    this.#rule[node] = rule
    this.#value[node] = value
  }

  leaf(node: number, numbers: readonly number[]): void {
    if (this.#width === 1) {
      this.#value[node] = numbers[0] as number
      return
    }
    const from = this.#paid
    this.#paid += this.#width
    if (this.#paid > this.#payload.length) {
      const larger = new Float64Array(this.#paid * 2)
      larger.set(this.#payload)
      this.#payload = larger
    }
    this.#payload.set(numbers, from)
    this.#value[node] = from
  }

  /** The tree. */
  take(): TreeNodes {
    const threshold = this.#value.slice(0, this.#count)
    const leaf = this.#width === 1 ? oneNumber(threshold) : severalNumbers(threshold, this.#payload.slice(0, this.#paid))
    return {
      count: this.#count,
      feature: this.#feature.slice(0, this.#count),
      rule: this.#rule.slice(0, this.#count),
      threshold,
      yes: this.#yes.slice(0, this.#count),
      no: this.#no.slice(0, this.#count),
      leaf,
    }
  }

  #grow(): void {
    const size = this.#count * 2
    const larger = <T extends Int32Array | Uint8Array | Float64Array>(old: T, made: T): T => {
      made.set(old)
      return made
    }
    this.#feature = larger(this.#feature, new Int32Array(size))
    this.#rule = larger(this.#rule, new Uint8Array(size))
    this.#value = larger(this.#value, new Float64Array(size))
    this.#yes = larger(this.#yes, new Int32Array(size))
    this.#no = larger(this.#no, new Int32Array(size))
  }
}

// functions of their own: one made inside the class would keep all of it

function oneNumber(value: Float64Array): TreeNodes['leaf'] {
  return (node, out) => {
    out[0] = value[node] as number
  }
}

function severalNumbers(value: Float64Array, payload: Float64Array): TreeNodes['leaf'] {
  return (node, out) => {
    const from = value[node] as number
    for (let i = 0; i < out.length; i++) out[i] = payload[from + i] as number
  }
}
