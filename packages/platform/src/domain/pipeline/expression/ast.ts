/** Operators between two numbers. */
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%'
/** Operators between two values of one type; the result is a truth value. */
export type ComparisonOperator = '=' | '!=' | '<' | '<=' | '>' | '>='
export type LogicalOperator = 'and' | 'or'

/**
 * A parsed expression. `at` is the offset in the text of the token that made the node, for messages.
 * `name` keeps its parts: `probabilities.bad` has two, `probabilities_bad` one. `whole` is there where a number was written without point
 * and exponent. The `when` of a `case` with
 * an operand are values to compare it with, else conditions.
 */
export type Expression =
  | { kind: 'number'; value: number; whole?: bigint | undefined; at: number }
  | { kind: 'text'; value: string; at: number }
  | { kind: 'boolean'; value: boolean; at: number }
  | { kind: 'null'; at: number }
  | { kind: 'name'; parts: string[]; at: number }
  | { kind: 'negative'; operand: Expression; at: number }
  | { kind: 'not'; operand: Expression; at: number }
  | { kind: 'arithmetic'; operator: ArithmeticOperator; left: Expression; right: Expression; at: number }
  | { kind: 'comparison'; operator: ComparisonOperator; left: Expression; right: Expression; at: number }
  | { kind: 'logical'; operator: LogicalOperator; left: Expression; right: Expression; at: number }
  | { kind: 'in'; operand: Expression; items: Expression[]; negated: boolean; at: number }
  | { kind: 'between'; operand: Expression; low: Expression; high: Expression; negated: boolean; at: number }
  | { kind: 'is-null'; operand: Expression; negated: boolean; at: number }
  | { kind: 'joined'; left: Expression; right: Expression; at: number }
  | { kind: 'call'; name: string; arguments: Expression[]; at: number }
  | { kind: 'case'; operand: Expression | undefined; branches: CaseBranch[]; otherwise: Expression | undefined; at: number }

export interface CaseBranch {
  when: Expression
  value: Expression
}
