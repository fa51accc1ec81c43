import { checkForm } from '../check/index.ts'
import type { Form } from '../form.ts'
import { type ArrayName, aligned, arrayName, type TypedArray } from './arrays.ts'
import { FRAME, writeFrame } from './container.ts'

/** What stands in a head for what JSON cannot hold: a number that is none of its numbers, or an array of the sections. */
export type Stand = { readonly $: 'NaN' | 'Infinity' | '-Infinity' | '-0' } | { readonly $: ArrayName; readonly length: number }

/**
 * A form in bytes, the same for the same form whatever the order of its fields; `decodeForm` gives the form back. The
 * format is in docs/reference/neutral-form.md.
 * @throws {UnreadableModel} for a form that `checkForm` refuses
 */
export function encodeForm(form: Form): Uint8Array {
  checkForm(form)
  const sections: TypedArray[] = []
  const head = new TextEncoder().encode(JSON.stringify(plain(form, sections)))
  const starts: number[] = []
  let end = FRAME + head.length
  for (const section of sections) {
    starts.push(aligned(end))
    end = aligned(end) + section.byteLength
  }
  const bytes = new Uint8Array(end)
  bytes.set(head, FRAME)
  for (const [index, { buffer, byteOffset, byteLength }] of sections.entries()) bytes.set(new Uint8Array(buffer, byteOffset, byteLength), starts[index])
  writeFrame(bytes, head.length)
  return bytes
}

/** As JSON can hold it: fields in the order of their names, those left out not there, arrays moved to the sections. */
function plain(value: unknown, sections: TypedArray[]): unknown {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0) ? value : ({ $: Object.is(value, -0) ? '-0' : String(value) } as Stand)
  if (typeof value !== 'object' || value === null) return value
  const array = arrayName(value)
  if (array !== undefined) {
    sections.push(value as TypedArray)
    return { $: array, length: (value as TypedArray).length } satisfies Stand
  }
  if (Array.isArray(value)) return value.map((one) => plain(one, sections))
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  fields.sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(fields.map(([key, field]) => [key, plain(field, sections)]))
}
