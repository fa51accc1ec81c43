import type { Sets } from '../form/trees.ts'
import type { Cursor } from './cursor.ts'

/** Categories are codes below this: https://github.com/dmlc/xgboost/blob/master/src/common/categorical.h */
const MOST_CATEGORIES = 1 << 24
/** 16 MB of sets in any file, and twice the file: a category of a large number takes a long set, however few there are. */
const LEAST_ROOM = 1 << 22

/** Sets of categories, one behind the other. */
export class SetPool {
  #words = new Uint32Array(64)
  #used = 0
  readonly #start: number[] = [0]

  /** Keeps a set and says its number. */
  add(cursor: Cursor, categories: Int32Array): number {
    let words = 0
    for (const category of categories) {
      if (category < 0 || category >= MOST_CATEGORIES) cursor.refuse(`categories has ${category}`)
      words = Math.max(words, (category >>> 5) + 1)
    }
    this.#reserve(cursor, words)
    for (const category of categories) this.#words[this.#used + (category >>> 5)]! |= 1 << (category & 31)
    this.#used += words
    this.#start.push(this.#used)
    return this.#start.length - 2
  }

  sets(): Sets {
    return { start: Int32Array.from(this.#start), words: this.#words.slice(0, this.#used) }
  }

  #reserve(cursor: Cursor, words: number): void {
    const needed = this.#used + words
    const most = LEAST_ROOM + (cursor.size >>> 1)
    if (needed > most) cursor.refuse(`the sets of categories take more than ${most * 4} bytes`, 'too-large')
    if (needed <= this.#words.length) return
    const larger = new Uint32Array(Math.min(most, needed * 2))
    larger.set(this.#words)
    this.#words = larger
  }
}
