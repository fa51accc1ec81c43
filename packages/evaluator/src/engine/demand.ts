import type { Input } from '../form/form.ts'
import { WrongInput } from './cannot-run.ts'
import type { Slot, Workbench } from './workbench.ts'

/** Refuses rows that lack what an input requires; undefined where it requires nothing. */
export function demandOf(input: Input, slot: Slot, bench: Workbench): ((rows: number) => void) | undefined {
  const required = input.required ?? []
  const { type, width } = slot
  if (required.length === 0 || (type !== 'f32' && type !== 'f64' && type !== 'text')) return undefined
  const columns = bench.constants('i32', required)
  const kernel = type === 'text' ? bench.kernels.null_text : bench.kernels[`nan_${type}`]
  return (rows) => {
    const found = kernel(rows, width, slot.at, columns, required.length)
    if (found < 0) return
    const column = required[found % required.length] as number
    throw new WrongInput('the model needs a value here', { input: input.name, row: Math.floor(found / required.length), column: nameOf(input, column) })
  }
}

function nameOf(input: Input, column: number): string {
  return input.columns?.[column]?.name ?? String(column)
}
