import { checkForm } from '../form/check/index.ts'
import type { Form, Input, Output } from '../form/form.ts'
import { kernelsOn, type WasmModule } from '../kernels/index.ts'
import { Arena } from './arena.ts'
import { CannotRun } from './cannot-run.ts'
import { demandOf } from './demand.ts'
import { Plan } from './plan.ts'
import { Predictor } from './predictor.ts'
import { make } from './steps/table.ts'
import { Store } from './store.ts'
import { BYTES, type Made, type Slot, Workbench } from './workbench.ts'

export interface CompileOptions {
  /** Names of the outputs that will be asked for, in this order; all of them unless given. Steps that only others need are left out. */
  readonly outputs?: readonly string[]
  /** Rows worked on at a time, a whole number from 1; chosen by the size of the values unless given. */
  readonly block?: number
  /** The compiled kernels (`WebAssembly.Module` of `kernelBytes()`), for runtimes that forbid compiling. */
  readonly module?: WasmModule
}

/** Bytes of values that a block should fit into, with the model beside it in the second-level cache. */
const BLOCK_BYTES = 262_144
const BLOCK_ROWS = { least: 64, most: 2048 } as const

/**
 * Makes a form ready to predict. Each predictor has a memory of its own, which goes with it.
 *
 * @throws RangeError for a `block` that is no whole number from 1; UnreadableModel for a form that is not sound
 * @throws CannotRun for a form with a step or a type that the engine does not know, an unknown output, or too large for 4 GiB
 */
export function compile(form: Form, options: CompileOptions = {}): Predictor {
  const { block: given = 1 } = options
  if (!Number.isInteger(given) || given < 1) throw new RangeError(`block takes a whole number from 1, not ${given}`)
  checkForm(form)
  const outputs = wanted(form, options.outputs)
  const arena = new Arena()
  const kernels = kernelsOn(arena.memory, options.module)
  arena.reserve(kernels.heapBase())
  const bench = new Workbench(form, arena, kernels)
  for (const { type, width } of form.inputs) bench.values.push(bench.slot(type, width))
  const needed = stepsOf(form, outputs)
  const alone = readOnce(form, { needed, outputs })
  const steps: (Made | undefined)[] = form.steps.map((step, at) => {
    const made = needed.has(at) ? make(step, bench) : undefined
    bench.values.push(made?.result ?? { type: 'f32', width: 0, at: 0 })
    if (made?.anywhere && alone.has(form.inputs.length + at)) bench.movable.add(made.result)
    return made
  })
  const block = options.block ?? blockOf(bench)
  const inputs = bench.values.slice(0, form.inputs.length)
  const demands = form.inputs.map((input, at) => demandOf(input, inputs[at] as Slot, bench))
  const own = new Set(steps.flatMap((made) => (made && !isElsewhere(made.result, bench) ? [made.result] : [])))
  for (const slot of own) slot.at = arena.reserve(block * slot.width * BYTES[slot.type])
  for (const room of bench.rooms) room.at = arena.reserve(block * room.bytes)
  const work = steps.map((made) => (made && !bench.idle.has(made.result) ? made : undefined))
  const plan = (names: readonly string[]): Plan => planOf(form, wanted(form, names, outputs), { steps: work, values: bench.values, demands })
  return new Predictor({ form, outputs, store: new Store(arena, inputs), block, plan })
}

/** Whether a result needs no room of its own: it lies inside another or is an input, or is not made. */
function isElsewhere(result: Slot, bench: Workbench): boolean {
  return result.within !== undefined || bench.idle.has(result) || bench.values.indexOf(result) < bench.form.inputs.length
}

interface Ready {
  /** None for a step whose result nobody needs. */
  readonly steps: readonly (Made | undefined)[]
  readonly values: readonly Slot[]
  /** What is asked of each input. */
  readonly demands: readonly (((rows: number) => void) | undefined)[]
}

function planOf(form: Form, outputs: readonly Output[], { steps, values, demands }: Ready): Plan {
  const needed = stepsOf(form, outputs)
  const read = Array.from(form.inputs.keys()).filter((value) => isRead(form, { needed, value, outputs }))
  const asked = read.flatMap((at) => demands[at] ?? [])
  const runs = [...needed].sort((a, b) => a - b).flatMap((at) => steps[at]?.run ?? [])
  const inputs = read.map((at) => form.inputs[at] as Input)
  return new Plan({ runs: [...asked, ...runs], outputs, slots: outputs.map(({ value }) => values[value] as Slot), inputs, numbers: read })
}

function isRead(form: Form, { needed, value, outputs }: { needed: ReadonlySet<number>; value: number; outputs: readonly Output[] }): boolean {
  return outputs.some((output) => output.value === value) || [...needed].some((at) => form.steps[at]!.of.some((of) => of === value))
}

/** Values that one step alone reads, once, and that are no output. */
function readOnce(form: Form, { needed, outputs }: { needed: ReadonlySet<number>; outputs: readonly Output[] }): Set<number> {
  const times = new Map<number, number>()
  for (const at of needed) for (const value of form.steps[at]!.of) times.set(value, (times.get(value) ?? 0) + 1)
  for (const { value } of outputs) times.delete(value)
  return new Set([...times].flatMap(([value, count]) => (count === 1 ? [value] : [])))
}

/** Outputs by name. */
function wanted(form: Form, names: readonly string[] | undefined, among: readonly Output[] = form.outputs): readonly Output[] {
  if (!names) return among
  return names.map((name) => {
    const output = among.find((one) => one.name === name)
    if (!output) throw new CannotRun(`no output ${JSON.stringify(name)}: there are ${among.map((one) => one.name).join(', ')}`)
    return output
  })
}

/** Numbers of the steps that these outputs need. */
function stepsOf(form: Form, outputs: readonly Output[]): Set<number> {
  const needed = new Set<number>()
  const open = outputs.map(({ value }) => value)
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    const at = value - form.inputs.length
    const step = form.steps[at]
    if (at < 0 || !step || needed.has(at)) continue
    needed.add(at)
    open.push(...step.of)
  }
  return needed
}

/** Rows of a block: so many that its values stay near, a multiple of 64. */
function blockOf(bench: Workbench): number {
  const bytes =
    bench.values.reduce((sum, slot) => sum + (bench.idle.has(slot) ? 0 : slot.width * BYTES[slot.type]), 0) +
    bench.rooms.reduce((sum, room) => sum + room.bytes, 0)
  const rows = Math.floor(BLOCK_BYTES / Math.max(1, bytes) / 64) * 64
  return Math.min(BLOCK_ROWS.most, Math.max(BLOCK_ROWS.least, rows))
}
