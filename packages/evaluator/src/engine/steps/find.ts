import type { ElementType } from '../../form/element.ts'
import type { Lookup, OneHot } from '../../form/steps.ts'
import { WrongInput } from '../cannot-run.ts'
import { BYTES, type Made, type Slot, type Workbench } from '../workbench.ts'
import { bitsOf } from './columns.ts'

/** Finds the place of each element among `keys`, or `keys.length`; writes it as i32. */
function finder(source: Slot, keys: readonly number[], bench: Workbench): (n: number, to: number) => void {
  const { type } = source
  const none = keys.length
  if (type === 'text' && keys.every((key) => key >= 0)) {
    const size = bench.form.texts.length
    const table = new Int32Array(size).fill(none)
    keys.forEach((key, place) => {
      if (key < size && table[key] === none) table[key] = place
    })
    const at = bench.arena.place(table)
    return (n, to) => bench.kernels.find_small(n, source.at, to, at, size, none)
  }
  const { sorted, places, nan } = sortedKeys(type, keys)
  const keysAt = type === 'bool' ? bench.arena.place(Uint8Array.from(sorted)) : bench.constants(type === 'text' ? 'i32' : type, sorted)
  const placesAt = bench.constants('i32', places)
  const kernel = bench.kernels[`find_${type === 'text' ? 'i32' : type}`]
  return (n, to) => kernel(n, source.at, to, keysAt, placesAt, sorted.length, nan, none)
}

/** Keys that elements of the type can equal, in rising order; the first of equal ones counts. */
function sortedKeys(type: ElementType, keys: readonly number[]): { sorted: number[]; places: number[]; nan: number } {
  const floating = type === 'f32' || type === 'f64'
  const numbers = keys.map((key) => (type === 'f32' ? Math.fround(key) : key))
  const nan = floating ? numbers.findIndex(Number.isNaN) : -1
  const first = new Map<number, number>()
  numbers.forEach((number, place) => {
    // −0 is 0
    const key = number + 0
    const can = floating ? !Number.isNaN(key) : Number.isSafeInteger(key) && fits(type, key)
    if (can && !first.has(key)) first.set(key, place)
  })
  const sorted = [...first.keys()].sort((a, b) => a - b)
  return { sorted, places: sorted.map((key) => first.get(key)!), nan: nan < 0 ? keys.length : nan }
}

function fits(type: ElementType, key: number): boolean {
  if (type === 'i64') return true
  return type === 'bool' ? key === 0 || key === 1 : key >= -(2 ** 31) && key < 2 ** 31
}

/** Each element by a table: places first, then what stands there. */
export function lookup(step: Lookup, bench: Workbench): Made {
  const source = bench.value(step.of[0])
  const { width } = source
  const find = finder(source, step.keys, bench)
  const places = bench.room(4 * width)
  const result = bench.slot(step.to, width)
  const values = [...step.values, step.otherwise]
  const at = step.to === 'bool' ? bench.arena.place(Uint8Array.from(values)) : bench.constants(step.to === 'text' ? 'i32' : step.to, values)
  const choose = bench.kernels[`choose_${bitsOf(step.to)}`]
  return {
    result,
    run: (rows) => {
      find(rows * width, places.at)
      choose(rows * width, places.at, result.at, at)
    },
  }
}

/** One column to one for each category. */
export function onehot(step: OneHot, bench: Workbench): Made {
  const source = bench.value(step.of[0])
  const count = step.categories.length
  const find = finder(source, step.categories, bench)
  const places = bench.room(4)
  const result = bench.slot(step.to, count)
  const spread = bench.kernels[`spread_${step.to}`]
  const rowBytes = count * BYTES[step.to]
  const input = inputOf(step.of[0], bench)
  return {
    result,
    run: (rows) => {
      find(rows, places.at)
      const unknown = spread(rows, count, places.at, result.at, rowBytes)
      if (unknown >= 0 && step.unknown === 'error') throw new WrongInput('is none of the categories that the model knows', { input })
    },
  }
}

/** Name of the input that a value was made of. */
function inputOf(value: number, { form }: Workbench): string {
  let at = value
  while (at >= form.inputs.length) at = form.steps[at - form.inputs.length]!.of[0]
  return form.inputs[at]!.name
}
