import type { Vector } from './vectors.ts'

/** The values of a dictionary, in the parts in which they came. Each is read once, however many rows of however many batches have it. */
export class Dictionary implements Vector {
  readonly #parts: { vector: Vector; end: number }[] = []
  readonly #known = new Map<number, unknown>()
  length = 0

  add(vector: Vector): void {
    this.length += vector.length
    this.#parts.push({ vector, end: this.length })
  }

  at(place: number): unknown {
    if (!this.#known.has(place)) this.#known.set(place, this.#read(place))
    return this.#known.get(place)
  }

  #read(place: number): unknown {
    let [low, high] = [0, this.#parts.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#parts[middle]!.end > place) high = middle
      else low = middle + 1
    }
    const { vector, end } = this.#parts[low]!
    return vector.at(place - (end - vector.length))
  }
}
