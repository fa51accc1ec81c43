import type { Elements } from '../form/element.ts'
import type { Arena } from './arena.ts'
import { copy } from './copies.ts'
import { viewOf } from './elements.ts'
import type { TextPositions } from './text-positions.ts'
import { bytesOf, type Slot } from './workbench.ts'

/** Where rows lie in the memory: written before a block is worked out, and read after. */
export class Store {
  readonly inputs: readonly Slot[]
  readonly #arena: Arena
  /** Region of each input, and behind them that of the answers. */
  readonly #regions: { at: number; bytes: number; rows: number }[]
  /** Views of all inputs, good for `#viewed` rows: none where a region has moved since. */
  #views: readonly Elements[] = []
  #viewed = 0

  constructor(arena: Arena, inputs: readonly Slot[]) {
    this.#arena = arena
    this.inputs = inputs
    this.#regions = Array.from({ length: inputs.length + 1 }, () => ({ at: 0, bytes: 0, rows: 0 }))
  }

  get size(): number {
    return this.#arena.memory.buffer.byteLength
  }

  isInput(slot: Slot): boolean {
    return this.inputs.includes(slot)
  }

  /** Rows of an input that a view was asked for. */
  rowsOf(input: number): number {
    return this.#regions[input]!.rows
  }

  /** Room for the rows of an input, as a view. */
  view(input: number, rows: number): Elements {
    this.#ready(input, rows)
    const region = this.#regions[input]!
    region.rows = Math.max(region.rows, rows)
    return this.at(this.inputs[input] as Slot, rows)
  }

  /** Room for the rows of every input, of at least `least` rows, as views: the same ones again until they are too short or lie elsewhere. */
  views(rows: number, least: number): readonly Elements[] {
    const [first] = this.#views
    if (rows <= this.#viewed && first?.buffer === this.#arena.memory.buffer) return this.#views
    const many = Math.max(rows, least)
    // all room before any view: where the memory grows, no view of it is good any more
    for (let input = 0; input < this.inputs.length; input++) this.makeRoom(input, many)
    this.#views = this.inputs.map((_, input) => this.view(input, many))
    this.#viewed = many
    return this.#views
  }

  /** A view of a value where it is now. */
  at(slot: Slot, rows: number): Elements {
    return viewOf(this.#arena, slot.type, { at: slot.at, length: rows * slot.width })
  }

  /** Makes room for the rows of an input. */
  makeRoom(input: number, rows: number): void {
    this.#room(input, rows, this.inputs[input] as Slot)
  }

  /** Room for the answers of so many rows; their address. */
  answers(slot: Slot, rows: number): number {
    return this.#room(this.inputs.length, rows, slot).at
  }

  /** Every input's rows from this one on are the next block. */
  seek(row: number): void {
    for (let input = 0; input < this.inputs.length; input++) {
      const slot = this.inputs[input] as Slot
      slot.at = this.#regions[input]!.at + row * slot.width * bytesOf(slot.type)
    }
  }

  /** Copies elements from `from` on into the room of an input, as many as so many rows have. */
  write(input: number, data: Elements, { from, rows }: { from: number; rows: number }): void {
    this.#ready(input, rows)
    const slot = this.inputs[input] as Slot
    const length = rows * slot.width
    copy(slot.type, data, this.#memoryOf(slot), { from, to: slot.at / bytesOf(slot.type), length })
  }

  /** Writes texts from `from` on into the room of an input, as many as so many rows have, by their positions. */
  writeTexts(input: number, data: readonly (string | null)[], { from, rows, positions }: { from: number; rows: number; positions: TextPositions }): void {
    this.#ready(input, rows)
    const slot = this.inputs[input] as Slot
    positions.write(data, this.#arena.i32, { from, to: slot.at / bytesOf('text'), length: rows * slot.width })
  }

  /** Copies elements of a value out of the memory to `from` in `out`. */
  read(slot: Slot, out: Elements, { from, length }: { from: number; length: number }): void {
    copy(slot.type, this.#memoryOf(slot), out, { from: slot.at / bytesOf(slot.type), to: from, length })
  }

  #ready(input: number, rows: number): void {
    const slot = this.inputs[input] as Slot
    slot.at = this.#room(input, rows, slot).at
  }

  /** A region with room for so many rows; at least twice as large as before where it must grow, so that little is left behind. */
  #room(number: number, rows: number, slot: Slot): { at: number } {
    const region = this.#regions[number]!
    const bytes = rows * slot.width * bytesOf(slot.type)
    if (bytes > region.bytes) {
      region.bytes = Math.max(bytes, 2 * region.bytes)
      region.at = this.#arena.reserve(region.bytes)
      this.#viewed = 0
    }
    return region
  }

  #memoryOf({ type }: Slot): Elements {
    const { f32, f64, i64, u8, i32 } = this.#arena
    return type === 'f32' ? f32 : type === 'f64' ? f64 : type === 'i64' ? i64 : type === 'bool' ? u8 : i32
  }
}
