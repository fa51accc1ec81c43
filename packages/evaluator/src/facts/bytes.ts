import type { Form } from '../form/form.ts'

/** Bytes of all numbers and texts of a form: its arrays as they are, a number of a list as 8, a text by its characters. */
export function bytesOf(form: Form): number {
  let bytes = 0
  const open: unknown[] = [form.steps, form.texts]
  while (open.length > 0) {
    const value = open.pop()
    if (ArrayBuffer.isView(value)) bytes += value.byteLength
    else if (typeof value === 'number') bytes += 8
    else if (typeof value === 'string') bytes += value.length
    else if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) open.push(one)
  }
  return bytes
}
