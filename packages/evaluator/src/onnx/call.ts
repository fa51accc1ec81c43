import { UnreadableModel } from '../unreadable.ts'
import type { Attributes } from './attributes.ts'
import type { Builder } from './builder.ts'
import type { Constant } from './tensor.ts'
import type { Rows, Value } from './values.ts'

/** One node while it is translated. */
export interface Call {
  /** The node for errors: its name, or its place and operator. */
  readonly where: string
  readonly operator: string
  readonly attributes: Attributes
  /** Version of the operator set that the node's domain has in this file. */
  readonly version: number
  /** Undefined for optional inputs that are left out. */
  readonly inputs: readonly (Value | undefined)[]
  readonly outputs: number
  readonly builder: Builder
}

/** Translates a node: its outputs, as many as it is asked for or more. Throws UnreadableModel. */
export type Translate = (call: Call) => (Value | undefined)[]

/** Operators by name. */
export type Operators = Readonly<Record<string, Translate>>

/** The error of a node whose operator is known and whose use of it is not. */
export function unsupported(call: Call, what: string): UnreadableModel {
  return new UnreadableModel('unsupported', call.where, what)
}

/** The error of a node that is wrong in itself. */
export function malformed(call: Call, what: string): UnreadableModel {
  return new UnreadableModel('malformed', call.where, what)
}

export function inputAt(call: Call, index: number): Value {
  const value = call.inputs[index]
  if (!value) throw malformed(call, `it has no input ${index}`)
  return value
}

export function rowsAt(call: Call, index: number): Rows {
  const value = inputAt(call, index)
  if (value.kind !== 'rows') throw unsupported(call, `its input ${index} is a constant`)
  return value
}

export function constantAt(call: Call, index: number): Constant {
  const value = inputAt(call, index)
  if (value.kind !== 'constant') throw unsupported(call, `its input ${index} is not a constant`)
  return value
}

/** A list of whole numbers that an operator takes as an input from `since` on, and as an attribute before; undefined where it is left out. */
export function listAt(call: Call, index: number, { name, since }: { name: string; since: number }): readonly number[] | undefined {
  if (call.version >= since) {
    const value = call.inputs[index]
    if (value === undefined) return undefined
    const { data, type } = constantAt(call, index)
    if (type !== 'i64' && type !== 'i32') throw malformed(call, `its input ${index} is not of whole numbers`)
    return [...data]
  }
  return call.attributes.has(name) ? [...call.attributes.rawInts(name)] : undefined
}

/** An axis counted from the front. */
export function axisOf(call: Call, axis: number, rank: number): number {
  const counted = axis < 0 ? axis + rank : axis
  if (!(Number.isInteger(counted) && counted >= 0 && counted < rank)) throw malformed(call, `axis ${axis} is not one of ${rank}`)
  return counted
}
