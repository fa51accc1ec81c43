import { UnreadableModel } from '../../unreadable.ts'
import { checkForm } from '../check/index.ts'
import type { Form } from '../form.ts'
import { ARRAYS, type ArrayName, aligned, type TypedArray } from './arrays.ts'
import { FRAME, readFrame } from './container.ts'
import { guardJson } from './guard.ts'

const longestHead = 2 ** 26
const deepestHead = 12
const numbers = new Map<unknown, number>([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
])

/**
 * Reads what `encodeForm` wrote, and checks it as `checkForm` does. The form shares no memory with the bytes.
 * @throws {UnreadableModel} for bytes that are cut off, damaged, of another version, or hold no sound form
 */
export function decodeForm(bytes: Uint8Array): Form {
  const length = readFrame(bytes)
  if (length > longestHead) throw new UnreadableModel('too-large', 'head', `has ${length} bytes, more than ${longestHead}`)
  const sections = new Sections(bytes, FRAME + length)
  const form = sections.restore(parse(bytes.subarray(FRAME, FRAME + length)), '') as Form
  sections.end()
  checkForm(form)
  return form
}

function parse(bytes: Uint8Array): unknown {
  guardJson(bytes, deepestHead)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    throw new UnreadableModel('malformed', 'head', 'is not JSON in UTF-8')
  }
}

/** Takes arrays from the sections, one after the other, as the head asks for them. */
class Sections {
  readonly #bytes: Uint8Array
  #at: number

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  /** A value of the head with numbers and arrays in place of what stands for them. */
  restore(value: unknown, where: string): unknown {
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) {
      for (const [index, one] of value.entries()) if (typeof one === 'object') value[index] = this.restore(one, `${where}[${index}]`)
      return value
    }
    if ('$' in value) return this.#stand(value, where)
    const fields = value as Record<string, unknown>
    for (const [key, field] of Object.entries(fields)) {
      if (typeof field === 'object') fields[key] = this.restore(field, where === '' ? key : `${where}.${key}`)
    }
    return fields
  }

  #stand({ $, length }: { $?: unknown; length?: unknown }, where: string): number | TypedArray {
    const number = numbers.get($)
    if (number !== undefined) return number
    if (typeof $ !== 'string' || !Object.hasOwn(ARRAYS, $)) throw this.#fault(where, `stands for no array: ${JSON.stringify(String($).slice(0, 40))}`)
    const kind = ARRAYS[$ as ArrayName]
    const start = this.#skipZeros()
    const room = this.#bytes.length - start
    if (!(Number.isSafeInteger(length) && (length as number) >= 0 && (length as number) * kind.BYTES_PER_ELEMENT <= room)) {
      throw this.#fault(where, `asks for ${String(length)} elements of ${kind.BYTES_PER_ELEMENT} bytes; ${room} bytes are left`)
    }
    const end = start + (length as number) * kind.BYTES_PER_ELEMENT
    this.#at = end
    // not by slice, which of Node's Buffer is a view
    const copy = new Uint8Array(end - start)
    copy.set(this.#bytes.subarray(start, end))
    return new kind(copy.buffer)
  }

  /** What is between sections is zeros, so that a form has one way to be written. */
  #skipZeros(): number {
    const start = Math.min(aligned(this.#at), this.#bytes.length)
    for (let at = this.#at; at < start; at++) if (this.#bytes[at] !== 0) throw this.#fault('sections', `byte ${at} between them is not zero`)
    return start
  }

  /** Nothing may be left. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw this.#fault('sections', `${this.#bytes.length - this.#at} bytes are left over`)
  }

  #fault(where: string, what: string): UnreadableModel {
    return new UnreadableModel('malformed', where, what)
  }
}
