import type { ElementType } from '../../form/element.ts'
import type { Lookup, OneHot } from '../../form/steps.ts'
import { CannotRun, WrongInput } from '../cannot-run.ts'
import { type Made, placeOf, type Slot, stepOf, type Workbench } from '../workbench.ts'
import { bitsOf } from './columns.ts'

/** The place of each text's position among `keys`, `keys.length` where it has none; undefined where keys stand for texts that the form does not know. */
function placesOf(source: Slot, keys: readonly number[], bench: Workbench): Int32Array | undefined {
  if (source.type !== 'text' || keys.some((key) => key < 0)) return undefined
  const size = bench.form.texts.length
  const places = new Int32Array(size).fill(keys.length)
  keys.forEach((key, place) => {
    if (key < size && places[key] === keys.length) places[key] = place
  })
  return places
}

/** Finds the place of each element among `keys`, or `keys.length`; writes it as i32. */
function finder(source: Slot, keys: readonly number[], bench: Workbench): (n: number, to: number) => void {
  const { type } = source
  const none = keys.length
  const places = placesOf(source, keys, bench)
  if (places) {
    const [table, size] = [bench.arena.place(places), places.length]
    return (n, to) => bench.kernels.find_small(n, source.at, to, table, size, none)
  }
  const { sorted, places: order, nan } = sortedKeys(type, keys)
  const keysAt = type === 'bool' ? bench.arena.place(Uint8Array.from(sorted)) : bench.constants(type === 'text' ? 'i32' : type, sorted)
  const placesAt = bench.constants('i32', order)
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
  if (new Set(source.type === 'f32' ? step.categories.map(Math.fround) : step.categories).size < step.categories.length)
    throw new CannotRun('a category stands twice')
  const result = bench.slot(step.to, step.categories.length)
  const spread = spreader(step, { source, result }, bench)
  const input = inputOf(step.of[0], bench)
  const run = (rows: number) => {
    const row = spread(rows)
    if (row >= 0 && step.unknown === 'error') throw new WrongInput('is none of the categories that the model knows', { input, row })
  }
  return { result, run, anywhere: true }
}

/** Writes rows of zeros with their ones; gives the first row that has none, or −1. Tells the bench what the columns are made of. */
function spreader({ categories, to, unknown }: OneHot, { source, result }: { source: Slot; result: Slot }, bench: Workbench): (rows: number) => number {
  const count = categories.length
  const places = placesOf(source, categories, bench)
  if (places) {
    const [table, size] = [bench.arena.place(places), places.length]
    const kernel = bench.kernels[`spread_small_${to}`]
    if (unknown === 'zeros') bench.categories.set(result, { source, places: places.map((place) => (place === count ? -1 : place)), find: () => {} })
    return (rows) => kernel(rows, count, source.at, placeOf(result), stepOf(result), table, size)
  }
  const find = finder(source, categories, bench)
  const room = bench.room(4)
  const found = bench.slot('i32', 1)
  const look = (rows: number): void => {
    found.at = room.at
    find(rows, room.at)
  }
  if (unknown === 'zeros') bench.categories.set(result, { source: found, places: Int32Array.from(categories.keys()), find: look })
  const kernel = bench.kernels[`spread_${to}`]
  return (rows) => {
    look(rows)
    return kernel(rows, count, room.at, placeOf(result), stepOf(result))
  }
}

/** Name of the input that a value was made of. */
export function inputOf(value: number, { form }: Workbench): string {
  let at = value
  while (at >= form.inputs.length) at = form.steps[at - form.inputs.length]!.of[0]
  return form.inputs[at]!.name
}
