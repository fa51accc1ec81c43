import { asNumbers } from '../kernels/nodes.ts'
import { checked, unary } from '../node.ts'
import type { Operand } from '../operand.ts'
import { MOST_TIME } from '../time-text.ts'
import { define, type FunctionDefinition } from './definition.ts'

type Of<T extends Operand['type']> = Operand<T>

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const WHOLE = /^[+-]?\d{1,30}$/
const WORDS: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY, '-Infinity': Number.NEGATIVE_INFINITY }

/** The number that a text writes in decimal; `undefined` for any other text, and for numbers beyond the largest. */
export function parseNumber(raw: string): number | undefined {
  const text = raw.trim()
  if (!DECIMAL.test(text)) return WORDS[text]
  const number = Number(text)
  return Number.isFinite(number) ? number : undefined
}

const MOST = 2n ** 63n - 1n

function parseInteger(raw: string): bigint | undefined {
  const text = raw.trim()
  if (!WHOLE.test(text)) return undefined
  const whole = BigInt(text.startsWith('+') ? text.slice(1) : text)
  return whole >= -MOST - 1n && whole <= MOST ? whole : undefined
}

function integerOf(x: number): bigint | undefined {
  // 2^63 itself is a double and too much, -2^63 is not
  return x >= -(2 ** 63) && x < 2 ** 63 ? BigInt(Math.trunc(x)) : undefined
}

function parseTruth(raw: string): number | undefined {
  const text = raw.trim().toLowerCase()
  return text === 'true' ? 1 : text === 'false' ? 0 : undefined
}

const number = define(['any'], ([x], slot, call) => {
  switch (x!.type) {
    case 'number':
      return x!
    case 'integer':
      return asNumbers(slot, x as Of<'integer'>)
    case 'boolean':
      return unary('number', slot, x as Of<'boolean'>, (out, a, count) => {
        for (let i = 0; i < count; i++) out[i] = a[i]!
      })
    case 'text':
      return checked('number', slot, x as Of<'text'>, (out, a, bad, count) => {
        let any = false
        for (let i = 0; i < count; i++) {
          const value = parseNumber(a[i]!)
          if (value === undefined) {
            bad[i] = 1
            any = true
          } else out[i] = value
        }
        return any
      })
    case 'time':
      throw call.refuse(0, 'a time is not a number; epoch(…) is its seconds since 1970')
  }
})

/** A conversion to whole numbers that some values have no answer of. */
function toInteger<T extends 'number' | 'text'>(x: Of<T>, slot: number, of: (value: Of<T>['data'][number]) => bigint | undefined): Operand {
  return checked('integer', slot, x, (out, a, bad, count) => {
    let any = false
    for (let i = 0; i < count; i++) {
      const value = of(a[i]!)
      if (value === undefined) {
        bad[i] = 1
        any = true
      } else out[i] = value
    }
    return any
  })
}

const integer = define(['any'], ([x], slot, call) => {
  switch (x!.type) {
    case 'integer':
      return x!
    case 'number':
      return toInteger(x as Of<'number'>, slot, (value) => integerOf(value as number))
    case 'text':
      return toInteger(x as Of<'text'>, slot, (value) => parseInteger(value as string))
    case 'boolean':
      return unary('integer', slot, x as Of<'boolean'>, (out, a, count) => {
        for (let i = 0; i < count; i++) out[i] = a[i] === 0 ? 0n : 1n
      })
    case 'time':
      throw call.refuse(0, 'a time is not a number; epoch(…) is its seconds since 1970')
  }
})

const text = define(['any'], ([x], slot) => {
  switch (x!.type) {
    case 'text':
      return x!
    case 'boolean':
      return unary('text', slot, x as Of<'boolean'>, (out, a, count) => {
        for (let i = 0; i < count; i++) out[i] = a[i] === 0 ? 'false' : 'true'
      })
    case 'time':
      return checked('text', slot, x as Of<'time'>, (out, a, bad, count) => {
        let any = false
        for (let i = 0; i < count; i++) {
          const isTime = Math.abs(a[i]!) <= MOST_TIME
          out[i] = isTime ? new Date(a[i]!).toISOString() : ''
          if (!isTime) {
            bad[i] = 1
            any = true
          }
        }
        return any
      })
    default:
      return unary('text', slot, x as Of<'number'>, (out, a, count) => {
        for (let i = 0; i < count; i++) out[i] = String(a[i])
      })
  }
})

const boolean = define(['any'], ([x], slot, call) => {
  switch (x!.type) {
    case 'boolean':
      return x!
    case 'number':
      return checked('boolean', slot, x as Of<'number'>, (out, a, bad, count) => {
        let any = false
        for (let i = 0; i < count; i++) {
          out[i] = +(a[i] !== 0)
          if (Number.isNaN(a[i])) {
            bad[i] = 1
            any = true
          }
        }
        return any
      })
    case 'integer':
      return unary('boolean', slot, x as Of<'integer'>, (out, a, count) => {
        for (let i = 0; i < count; i++) out[i] = +(a[i] !== 0n)
      })
    case 'text':
      return checked('boolean', slot, x as Of<'text'>, (out, a, bad, count) => {
        let any = false
        for (let i = 0; i < count; i++) {
          const truth = parseTruth(a[i]!)
          if (truth === undefined) {
            bad[i] = 1
            any = true
          } else out[i] = truth
        }
        return any
      })
    case 'time':
      throw call.refuse(0, 'a time is neither true nor false')
  }
})

export const CAST_FUNCTIONS: Record<string, FunctionDefinition> = { boolean, integer, number, text }
