import type { Cast, Columns, Concat, Replace } from '../../form/steps.ts'
import { CannotRun } from '../cannot-run.ts'
import { BYTES, type Made, placeOf, type Slot, stepOf, type Workbench } from '../workbench.ts'

/** Bits of an element, as the names of kernels have them. */
export const BITS = { 1: '8', 4: '32', 8: '64' } as const

/** Bits of a value's elements. */
export function bitsOf(type: keyof typeof BYTES): '8' | '32' | '64' {
  return BITS[BYTES[type] as 1 | 4 | 8]
}

/** Another element type. */
export function cast(step: Cast, bench: Workbench): Made {
  const source = bench.value(step.of[0])
  const { type, width } = source
  if (type === 'text') throw new CannotRun('a cast of texts')
  if (type === step.to) {
    // it has another name now, under which others may read it: it must lie where it says
    bench.movable.delete(source)
    return { result: source, run: () => {} }
  }
  const kernel = bench.kernels[`cast_${type}_${step.to}` as 'cast_f32_f64']
  const result = bench.slot(step.to, width)
  return { result, run: (rows) => kernel(rows * width, source.at, result.at) }
}

/** Values side by side. Those that nothing else reads are made where they are to stand; the others are copied. */
export function concat(step: Concat, bench: Workbench): Made {
  const sources = step.of.map((of) => bench.value(of))
  const { type } = sources[0]!
  const bytes = BYTES[type]
  const kernel = bench.kernels[`copy_${bitsOf(type)}`]
  const result = bench.slot(
    type,
    sources.reduce((sum, source) => sum + source.width, 0),
  )
  bench.parts.set(result, sources)
  const copied: { source: Slot; offset: number }[] = []
  let offset = 0
  for (const source of sources) {
    if (bench.movable.has(source)) source.within = { slot: result, offset }
    else copied.push({ source, offset })
    offset += source.width * bytes
  }
  const run = (rows: number) => {
    const [to, step] = [placeOf(result), stepOf(result)]
    for (let at = 0; at < copied.length; at++) {
      const { source, offset } = copied[at]!
      kernel(rows, source.width, source.at, source.width * bytes, to + offset, step)
    }
  }
  return { result, run, anywhere: true }
}

/** Some columns of a value. */
export function columns(step: Columns, bench: Workbench): Made {
  const source = bench.value(step.of[0])
  const bytes = BYTES[source.type]
  const count = step.indices.length
  const result = bench.slot(source.type, count)
  const from = source.width * bytes
  const first = step.indices[0] ?? 0
  if (step.indices.every((index, at) => index === first + at)) {
    const kernel = bench.kernels[`copy_${bitsOf(source.type)}`]
    return { result, run: (rows) => kernel(rows, count, source.at + first * bytes, from, placeOf(result), stepOf(result)), anywhere: true }
  }
  const kernel = bench.kernels[`gather_${bitsOf(source.type)}`]
  const offsets = bench.constants(
    'i32',
    step.indices.map((index) => index * bytes),
  )
  return { result, run: (rows) => kernel(rows, count, offsets, source.at, from, placeOf(result), stepOf(result)), anywhere: true }
}

/** One number for another. */
export function replace(step: Replace, bench: Workbench): Made {
  const source = bench.value(step.of[0])
  const { width } = source
  const type = source.type === 'text' ? 'i32' : source.type
  if (type === 'bool') throw new CannotRun('replacing bools')
  const kernel = bench.kernels[`replace_${type}`]
  const what = bench.constants(type, [step.what])
  const by = bench.constants(type, step.with)
  const bySteps = step.with.length === 1 ? 0 : BYTES[type]
  const result = bench.slot(source.type, width)
  return { result, run: (rows) => kernel(rows, width, source.at, result.at, what, by, bySteps) }
}
