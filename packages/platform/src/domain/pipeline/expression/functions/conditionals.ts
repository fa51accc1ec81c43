import { firstOf, nullWhere } from '../conditionals.ts'
import { shared } from '../node.ts'
import type { Operand } from '../operand.ts'
import { comparison } from '../operators.ts'
import { define, type FunctionDefinition } from './definition.ts'

export const CONDITIONAL_FUNCTIONS: Record<string, FunctionDefinition> = {
  coalesce: define(['alike', { type: 'alike', rest: true }], (values, slot) => values.reduce((a, b) => firstOf(slot, [a, b])), { nullsMatter: true }),
  nullif: define<[Operand, Operand]>(
    ['alike', 'alike'],
    ([a, b], slot) => {
      const once = shared(a)
      return nullWhere(slot, once, comparison('=', slot + 1, [once, b]))
    },
    { nullsMatter: true },
  ),
}
