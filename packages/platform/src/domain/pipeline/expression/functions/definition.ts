import type { Operand, ValueType } from '../operand.ts'

/**
 * What a function takes at a place. `numeric` is a number or a whole number of 64 bits, as it comes; `alike` are values that all become one type;
 * `any` is taken as it comes.
 */
export type ParameterType = ValueType | 'numeric' | 'alike' | 'any'

export interface Parameter {
  type: ParameterType
  optional?: true
  /** Any number of further values of the kind. */
  rest?: true
  /** Must be known when the expression is compiled, and is one of these where they are told. */
  constant?: true
  choices?: readonly string[]
}

/** The arguments as the parameters take them; operand `i` lies at `slot + i` at the lowest. */
export interface Call {
  operands: readonly Operand[]
  slot: number
  /** An `expression-invalid` that points at an argument. */
  refuse(index: number, reason: string): Error
}

export interface FunctionDefinition {
  takes: readonly Parameter[]
  /** Whether a null argument is something else than a null answer. */
  nullsMatter?: true
  build(call: Call): Operand
}

/** A function of operands whose types the parameters ensure. */
export function define<O extends readonly (Operand | undefined)[] = readonly Operand[]>(
  takes: readonly (ParameterType | Parameter)[],
  build: (operands: O, slot: number, call: Call) => Operand,
  options: { nullsMatter?: true } = {},
): FunctionDefinition {
  return {
    takes: takes.map((parameter) => (typeof parameter === 'string' ? { type: parameter } : parameter)),
    build: (call) => build(call.operands as unknown as O, call.slot, call),
    ...options,
  }
}
