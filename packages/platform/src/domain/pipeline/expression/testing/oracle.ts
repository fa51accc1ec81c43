import type { Expression } from '../ast.ts'
import type { Types } from './frames.ts'
import { oracleFunction } from './oracle-functions.ts'
import { as, commonOf, type OracleType, type OracleValue, order, type Typed } from './oracle-values.ts'

const fits = (value: bigint): bigint | null => (value === BigInt.asIntN(64, value) ? value : null)

const COMPARE: Record<string, (order: number) => boolean> = {
  '=': (o) => o === 0,
  '!=': (o) => o !== 0,
  '<': (o) => o < 0,
  '<=': (o) => o <= 0,
  '>': (o) => o > 0,
  '>=': (o) => o >= 0,
}

/** Evaluates an expression for one row, in the most obvious way: the walk over the tree that columns are compared with. */
export class Oracle {
  readonly #types: Types
  readonly #row: Readonly<Record<string, OracleValue>>

  constructor(types: Types, row: Readonly<Record<string, OracleValue>>) {
    this.#types = types
    this.#row = row
  }

  evaluate(node: Expression): Typed {
    switch (node.kind) {
      case 'number':
        return node.whole === undefined ? { type: 'number', value: node.value } : { type: 'literal', value: node.whole }
      case 'text':
      case 'boolean':
        return { type: node.kind, value: node.value }
      case 'null':
        return { type: 'null', value: null }
      case 'name': {
        const name = node.parts.join('.')
        return { type: this.#types[name] as OracleType, value: this.#row[name] ?? null }
      }
      case 'negative':
        return this.#arithmetic('-', { type: 'literal', value: 0n }, this.evaluate(node.operand))
      case 'not': {
        const { value } = this.evaluate(node.operand)
        return { type: 'boolean', value: value === null ? null : !value }
      }
      case 'arithmetic':
        return this.#arithmetic(node.operator, this.evaluate(node.left), this.evaluate(node.right))
      case 'logical':
        return { type: 'boolean', value: logical(node.operator, this.evaluate(node.left).value, this.evaluate(node.right).value) }
      case 'comparison':
        return { type: 'boolean', value: this.#compare(node.operator, node.left, node.right) }
      case 'between':
        return { type: 'boolean', value: this.#between(node) }
      case 'in':
        return { type: 'boolean', value: this.#in(node) }
      case 'is-null':
        return { type: 'boolean', value: (this.evaluate(node.operand).value === null) !== node.negated }
      case 'joined':
        return oracleFunction('concat', [this.evaluate(node.left), this.evaluate(node.right)])
      case 'case':
        return this.#case(node)
      case 'call':
        return oracleFunction(
          node.name,
          node.arguments.map((argument) => this.evaluate(argument)),
        )
    }
  }

  #alike(nodes: readonly Expression[]): OracleValue[] {
    const typed = nodes.map((node) => this.evaluate(node))
    const type = commonOf(typed.map((one) => one.type))
    return typed.map((one) => as(one, type))
  }

  #compare(operator: string, left: Expression, right: Expression): boolean | null {
    const [a, b] = this.#alike([left, right])
    return a === null || b === null ? null : COMPARE[operator]!(order(a!, b!))
  }

  #between(node: Expression & { kind: 'between' }): boolean | null {
    const [x, low, high] = this.#alike([node.operand, node.low, node.high])
    const least = x === null || low === null ? null : order(x!, low!) >= 0
    const most = x === null || high === null ? null : order(x!, high!) <= 0
    const within = logical('and', least, most)
    return within === null ? null : within !== node.negated
  }

  #in(node: Expression & { kind: 'in' }): boolean | null {
    const [x, ...items] = this.#alike([node.operand, ...node.items])
    if (x === null) return null
    if (items.some((item) => item !== null && order(x!, item) === 0)) return !node.negated
    return items.includes(null) ? null : node.negated
  }

  #case(node: Expression & { kind: 'case' }): Typed {
    const values = [...node.branches.map(({ value }) => this.evaluate(value)), ...(node.otherwise ? [this.evaluate(node.otherwise)] : [])]
    const type = commonOf(values.map((value) => value.type))
    const operand = node.operand && this.#alike([node.operand, ...node.branches.map(({ when }) => when)])
    const taken = node.branches.findIndex(({ when }, i) => {
      if (!operand) return this.evaluate(when).value === true
      return operand[0] !== null && operand[i + 1] !== null && order(operand[0]!, operand[i + 1]!) === 0
    })
    const value = taken >= 0 ? values[taken] : values[node.branches.length]
    return { type, value: value ? as(value, type) : null }
  }

  #arithmetic(operator: string, left: Typed, right: Typed): Typed {
    const common = commonOf([left.type, right.type])
    const type = operator === '/' || (operator === '%' && common === 'literal') ? 'number' : common
    const [a, b] = [as(left, type), as(right, type)]
    if (a === null || b === null) return { type, value: null }
    if (type === 'number') return { type, value: numbers(operator, Number(a), Number(b)) }
    return { type, value: integers(operator, a as bigint, b as bigint) }
  }
}

function numbers(operator: string, a: number, b: number): number | null {
  if (operator === '+') return a + b
  if (operator === '-') return a - b
  if (operator === '*') return a * b
  if (b === 0) return null
  return operator === '/' ? a / b : a % b
}

function integers(operator: string, a: bigint, b: bigint): bigint | null {
  if (operator === '+') return fits(a + b)
  if (operator === '-') return fits(a - b)
  if (operator === '*') return fits(a * b)
  return b === 0n ? null : a % b
}

function logical(operator: 'and' | 'or', a: OracleValue, b: OracleValue): boolean | null {
  const decisive = operator === 'or'
  if (a === decisive || b === decisive) return decisive
  return a === null || b === null ? null : !decisive
}
