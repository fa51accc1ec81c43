import type { ElementType } from '../form/element.ts'
import type { Form } from '../form/form.ts'
import type { Step } from '../form/steps.ts'
import type { Kernels } from '../kernels/index.ts'
import type { Arena } from './arena.ts'

/** Bytes of an element in the memory. Text is the position in the form's texts, as i32. */
export const BYTES: Readonly<Record<ElementType, number>> = { f32: 4, f64: 8, i64: 8, i32: 4, bool: 1, text: 4 }

/** The same asked for again and again: comparing names takes less than looking one up. */
export function bytesOf(type: ElementType): number {
  return type === 'f64' || type === 'i64' ? 8 : type === 'bool' ? 1 : 4
}

/** A value of the form while a block of rows is worked out: `at` is its first row's address, said before each block. */
export interface Slot {
  readonly type: ElementType
  readonly width: number
  at: number
  /** The wider value that it lies inside, `offset` bytes from where a row begins; `at` then says nothing. */
  within?: { readonly slot: Slot; readonly offset: number }
}

/** Where a value's first row lies. */
export function placeOf(slot: Slot): number {
  return slot.within ? placeOf(slot.within.slot) + slot.within.offset : slot.at
}

/** Bytes from one of a value's rows to the next. */
export function stepOf(slot: Slot): number {
  return slot.within ? stepOf(slot.within.slot) : slot.width * bytesOf(slot.type)
}

/** What columns of categories were made of. */
export interface Categories {
  /** One whole number a row. */
  readonly source: Slot
  /** The category of each such number; −1, as for any beyond, for none. */
  readonly places: Int32Array
  /** Works these numbers out. */
  readonly find: (rows: number) => void
}

/** A step made ready: where its result lies, and its work on a block of rows, without any allocation. */
export interface Made {
  readonly result: Slot
  readonly run: (rows: number) => void
  /** The result may lie inside a wider value: its place and step are asked for (`placeOf`, `stepOf`) at every run. */
  readonly anywhere?: true
}

/** Makes a step ready: everything that can be done once is done here. */
export type Maker<S extends Step> = (step: S, bench: Workbench) => Made

/** What the makers of steps work with. */
export class Workbench {
  readonly form: Form
  readonly arena: Arena
  readonly kernels: Kernels
  /** Values made so far, by number. */
  readonly values: Slot[] = []
  /** Values that one step alone reads, and that can be made inside a wider one. */
  readonly movable = new Set<Slot>()
  /** Values that stand side by side in a value, of every such value. */
  readonly parts = new Map<Slot, readonly Slot[]>()
  /** Values that are nothing but columns of categories. */
  readonly categories = new Map<Slot, Categories>()
  /** Values that need not be made: whoever reads them knows better. */
  readonly idle = new Set<Slot>()
  /** Room that each row of a block needs besides the values. */
  readonly rooms: { readonly bytes: number; at: number }[] = []

  constructor(form: Form, arena: Arena, kernels: Kernels) {
    this.form = form
    this.arena = arena
    this.kernels = kernels
  }

  /** The value that a step reads. */
  value(number: number): Slot {
    return this.values[number] as Slot
  }

  /** A new value. Its room is given out when all steps are ready. */
  slot(type: ElementType, width: number): Slot {
    return { type, width, at: 0 }
  }

  /** Room for `bytes` a row of a block that a step needs while it works; its address is said as a value's is. */
  room(bytes: number): { readonly bytes: number; at: number } {
    const room = { bytes, at: 0 }
    this.rooms.push(room)
    return room
  }

  /** Numbers as constants of a type in the memory; their address. */
  constants(type: 'f32' | 'f64' | 'i32' | 'i64', numbers: ArrayLike<number>): number {
    if (type === 'f32') return this.arena.place(Float32Array.from(numbers))
    if (type === 'f64') return this.arena.place(Float64Array.from(numbers))
    if (type === 'i32') return this.arena.place(Int32Array.from(numbers))
    return this.arena.place(BigInt64Array.from(Array.from(numbers, BigInt)))
  }
}
