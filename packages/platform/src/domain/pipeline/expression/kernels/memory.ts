import { inflateRawSync } from 'node:zlib'
import { FairleadError } from '@fairlead/contract'
import { type Kernels, MODULE } from './module.ts'

/** What of the WebAssembly interface is used: the types of the language have it only together with a page's. */
interface Wasm {
  readonly Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: object }
}

const wasm: Wasm = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly

/** Rows that are computed together: few enough for what lies between two steps to stay in the nearest cache, and a multiple of 16. */
export const TILE_ROWS = 2048

const WIDE = TILE_ROWS * 8
/** Registers of each type. */
const SLOTS = 2048
const SCRATCH = 24 * 2 ** 20
// the kernels' own constants lie below
const NUMBERS = 2 ** 20
const INTEGERS = NUMBERS + SLOTS * WIDE
const TRUTHS = INTEGERS + SLOTS * WIDE
const ZEROS = TRUTHS + SLOTS * TILE_ROWS
const ONES = ZEROS + TILE_ROWS
const FREE = ONES + TILE_ROWS
const END = FREE + SCRATCH

/*
 * One memory a thread, shared by all expressions: an evaluation neither waits nor calls another, and what it answers is copied out. The system gives
 * what of it is touched. It never grows, so views of it stay what they are.
 */
const pages = Math.ceil(END / 65_536)
const memory = new wasm.Memory({ initial: pages, maximum: pages })
const { buffer } = memory

/** Loops over registers, by their addresses. */
export const kernels = new wasm.Instance(new wasm.Module(inflateRawSync(Buffer.from(MODULE.deflated, 'base64'))), { env: { memory } }).exports as Kernels

/** Marks of a tile without nulls, and of one with nothing else; truth values that are all false, and all true. Nobody writes them. */
export const ALL_ZEROS = new Uint8Array(buffer, ZEROS, TILE_ROWS)
export const ALL_ONES = new Uint8Array(buffer, ONES, TILE_ROWS).fill(1)

function slotAt(slot: number): number {
  if (slot < SLOTS) return slot
  throw new FairleadError('expression-invalid', 'an expression holds too many values at once; take some of them to a step of their own')
}

/*
 * Registers of one type by number. A node writes where its first operand lies, so few are in use.
 */

export function numberRegister(slot: number): Float64Array {
  return new Float64Array(buffer, NUMBERS + slotAt(slot) * WIDE, TILE_ROWS)
}

export function integerRegister(slot: number): BigInt64Array {
  return new BigInt64Array(buffer, INTEGERS + slotAt(slot) * WIDE, TILE_ROWS)
}

export function truthRegister(slot: number): Uint8Array {
  return new Uint8Array(buffer, TRUTHS + slotAt(slot) * TILE_ROWS, TILE_ROWS)
}

let free = FREE

/** Begins an expression: what it takes from now on is its own while it is evaluated, and others' when they are. */
export function beginScratch(): void {
  free = FREE
}

/** An address with room for so many bytes, of which nothing is kept between evaluations. */
export function scratch(bytes: number): number {
  const at = free
  free += Math.ceil(bytes / 16) * 16
  if (free > END) throw new FairleadError('expression-invalid', 'an expression uses too many columns; take some of them to a step of their own')
  return at
}

/** Marks of nulls that are a node's own. */
export function scratchMarks(): Uint8Array {
  return new Uint8Array(buffer, scratch(TILE_ROWS), TILE_ROWS)
}

export function scratchNumbers(length = TILE_ROWS): Float64Array {
  return new Float64Array(buffer, scratch(length * 8), length)
}

export function scratchIntegers(length = TILE_ROWS): BigInt64Array {
  return new BigInt64Array(buffer, scratch(length * 8), length)
}
