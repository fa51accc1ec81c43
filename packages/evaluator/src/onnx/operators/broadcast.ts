import { type Call, unsupported } from '../call.ts'
import type { Constant } from '../tensor.ts'
import { ROWS, type Rows, rowAxis, stridesOf, type Value, walk, widthOf } from '../values.ts'

/** Dimensions of values that meet element by element, aligned at their ends (ONNX broadcasting). Throws where rows would meet something else. */
export function meet(call: Call, values: readonly Value[]): number[] {
  const rank = Math.max(...values.map((value) => value.dims.length))
  const dims = new Array<number>(rank).fill(1)
  for (const value of values) {
    const gap = rank - value.dims.length
    value.dims.forEach((size, axis) => {
      const there = dims[gap + axis]!
      if (size === 0) throw unsupported(call, 'a value has no elements')
      if (size === 1 || size === there) return
      if (there !== 1) throw unsupported(call, `dimensions ${shown(size)} and ${shown(there)} meet`)
      dims[gap + axis] = size
    })
  }
  const axis = rowAxis(dims)
  for (const value of values) {
    if (value.kind !== 'rows' || rowAxis(value.dims) + rank - value.dims.length === axis) continue
    throw unsupported(call, 'rows meet other rows crosswise')
  }
  if (dims.filter((size) => size === ROWS).length > 1) throw unsupported(call, 'rows meet other rows crosswise')
  return dims
}

function shown(size: number): string {
  return size === ROWS ? 'of the rows' : String(size)
}

/** The value's columns as the meeting's dimensions need them; one of width 1 stays as it is, as it stands for all. */
export function fit(call: Call, value: Rows, dims: readonly number[]): Rows {
  if (widthOf(value.dims) === 1) return { ...value, dims }
  return call.builder.columns(value, walk(dims, spreadStrides(value.dims, dims)), dims)
}

/** The constant's elements, one for each column of the meeting; or one alone where all are equal and `single` allows it. */
export function elementsFor(constant: Constant, dims: readonly number[], single: boolean): number[] {
  const { data } = constant
  if (single && data.every((x) => Object.is(x, data[0]))) return [data[0]!]
  return Array.from(walk(dims, spreadStrides(constant.dims, dims)), (index) => data[index]!)
}

function spreadStrides(own: readonly number[], dims: readonly number[]): number[] {
  const gap = dims.length - own.length
  const strides = stridesOf(own)
  return dims.map((_, axis) => (axis < gap || own[axis - gap] === 1 ? 0 : strides[axis - gap]!))
}
