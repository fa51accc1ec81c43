import type { Elements, ElementType } from '../form/element.ts'
import type { Arena } from './arena.ts'

/** New elements of a type: of text, positions. */
export function elementsOf(type: ElementType, length: number): Elements {
  if (type === 'f32') return new Float32Array(length)
  if (type === 'f64') return new Float64Array(length)
  if (type === 'i64') return new BigInt64Array(length)
  return type === 'bool' ? new Uint8Array(length) : new Int32Array(length)
}

/** A view of elements that lie in the memory; good until the memory grows. */
export function viewOf(arena: Arena, type: ElementType, { at, length }: { at: number; length: number }): Elements {
  const { buffer } = arena.memory
  if (type === 'f32') return new Float32Array(buffer, at, length)
  if (type === 'f64') return new Float64Array(buffer, at, length)
  if (type === 'i64') return new BigInt64Array(buffer, at, length)
  return type === 'bool' ? new Uint8Array(buffer, at, length) : new Int32Array(buffer, at, length)
}
