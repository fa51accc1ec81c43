import { CHECKED, changed, checkedKernel, powers } from '../kernels/nodes.ts'
import { partial, roundWhole } from '../loops/numbers.ts'
import { checked, checkedBinary, unary } from '../node.ts'
import type { Operand } from '../operand.ts'
import { arithmetic, numberOf } from '../operators.ts'
import { convert } from '../types.ts'
import { define, type FunctionDefinition } from './definition.ts'
import { strict } from './strict.ts'

type Num = Operand<'number'>
type Int = Operand<'integer'>

const isInteger = (operand: Operand): operand is Int => operand.type === 'integer'

/** A function whose answer for a whole number is that number. */
function rounding(name: 'ceil' | 'floor' | 'trunc'): FunctionDefinition {
  return define(['numeric'], ([x], slot) => (isInteger(x!) ? x : changed(name, slot, x as Num)))
}

/** A function of the standard library, null where it is NaN and its argument is not. */
function math(of: (x: number) => number): FunctionDefinition {
  const loop = partial(of)
  return define<[Num]>(['number'], ([x], slot) => checked('number', slot, x, loop))
}

/** A logarithm; of 0 there is none either. */
function logarithm(of: (x: number) => number): FunctionDefinition {
  return math((x) => (x <= 0 ? Number.NaN : of(x)))
}

function kernel(name: keyof typeof CHECKED): FunctionDefinition {
  return define<[Num]>(['number'], ([x], slot) => checkedKernel(CHECKED[name], slot, x))
}

/** A function of two numbers, null where it is NaN or infinite and no argument is. */
function ofTwo(of: (a: number, b: number) => number): FunctionDefinition {
  return define<[Num, Num]>(['number', 'number'], (sides, slot) =>
    checkedBinary('number', slot, [sides[0], sides[1]], ({ out, a, b, bad, count }) => {
      let any = false
      for (let i = 0; i < count; i++) {
        const [x, y] = [a[i]!, b[i]!]
        const z = of(x, y)
        if (Number.isNaN(z) && !Number.isNaN(x) && !Number.isNaN(y)) {
          bad[i] = 1
          any = true
        }
        out[i] = z
      }
      return any
    }),
  )
}

/** Powers; 0 to a negative one divides by zero. */
const power = ofTwo((x, y) => (x === 0 && y < 0 ? Number.NaN : x ** y))

const MOST_DIGITS = 15

const round = define<[Operand, Num?]>(['numeric', { type: 'number', optional: true, constant: true }], ([x, places], slot, call) => {
  const digits = places?.constant ?? 0
  if (!Number.isInteger(digits) || Math.abs(digits) > MOST_DIGITS) throw call.refuse(1, `round takes from ${-MOST_DIGITS} to ${MOST_DIGITS} places, whole`)
  if (isInteger(x) && digits >= 0) return x
  const number = numberOf(slot, x)
  if (digits === 0) return changed('round', slot, number)
  const scale = 10 ** Math.abs(digits)
  return unary('number', slot, number, (out, a, count) => {
    for (let i = 0; i < count; i++) {
      const value = a[i]!
      const rounded = digits > 0 ? roundWhole(value * scale) / scale : roundWhole(value / scale) * scale
      // what is that large has no such places
      out[i] = Number.isFinite(rounded) ? rounded : value
    }
  })
})

const absolute = define(['numeric'], ([x], slot) => {
  if (!isInteger(x!)) return changed('abs', slot, x as Num)
  return checked('integer', slot, x, (out, a, bad, count) => {
    let any = false
    for (let i = 0; i < count; i++) {
      const value = a[i]!
      out[i] = value < 0n ? -value : value
      // the least has no opposite in 64 bits
      if (out[i]! < 0n) {
        bad[i] = 1
        any = true
      }
    }
    return any
  })
})

const clip = define<[Operand, Operand, Operand]>(['numeric', 'numeric', 'numeric'], (operands, slot) => {
  if (operands.every((operand) => isInteger(operand) || operand.whole !== undefined) && operands.some(isInteger)) {
    const [x, low, high] = operands.map((operand, i) => convert({ operand, at: 0, slot: slot + i }, 'integer', '') as Int)
    return strict({ type: 'integer', slot, operands: [x!, low!, high!] }, ({ out, count }) => {
      for (let i = 0; i < count; i++) {
        const raised = x!.data[i]! < low!.data[i]! ? low!.data[i]! : x!.data[i]!
        out[i] = raised > high!.data[i]! ? high!.data[i]! : raised
      }
    })
  }
  const [x, low, high] = operands.map((operand, i) => numberOf(slot + i, operand))
  return strict({ type: 'number', slot, operands: [x!, low!, high!] }, ({ out, count }) => {
    const [values, least, most] = [x!.data, low!.data, high!.data]
    for (let i = 0; i < count; i++) out[i] = Math.min(Math.max(values[i]!, least[i]!), most[i]!)
  })
})

function tests(holds: (x: number) => boolean): FunctionDefinition {
  return define<[Num]>(['number'], ([x], slot) =>
    unary('boolean', slot, x, (out, a, count) => {
      for (let i = 0; i < count; i++) out[i] = +holds(a[i]!)
    }),
  )
}

const mod = define(['alike', 'alike'], ([a, b], slot, call) => {
  for (const [i, side] of [a!, b!].entries()) {
    if (side.type !== 'number' && side.type !== 'integer') throw call.refuse(i, 'mod takes numbers')
  }
  return arithmetic('%', slot, [a!, b!])
})

export const NUMBER_FUNCTIONS: Record<string, FunctionDefinition> = {
  abs: absolute,
  acos: math(Math.acos),
  asin: math(Math.asin),
  atan: math(Math.atan),
  atan2: ofTwo(Math.atan2),
  ceil: rounding('ceil'),
  clip,
  cos: math(Math.cos),
  exp: define<[Num]>(['number'], ([x], slot) => powers(slot, x)),
  floor: rounding('floor'),
  is_finite: tests(Number.isFinite),
  is_nan: tests(Number.isNaN),
  ln: kernel('ln'),
  log10: logarithm(Math.log10),
  log2: logarithm(Math.log2),
  mod,
  power,
  round,
  sign: math(Math.sign),
  sin: math(Math.sin),
  sqrt: kernel('sqrt'),
  tan: math(Math.tan),
  trunc: rounding('trunc'),
}
