import { FairleadError } from '@fairlead/contract'
import { nearestWord } from '../../../kernel/suggestion.ts'
import type { Expression } from './ast.ts'
import { choose, isNull, logical } from './conditionals.ts'
import { expressionError } from './expression-error.ts'
import type { FunctionDefinition, Parameter } from './functions/definition.ts'
import { FUNCTIONS, REFUSED } from './functions/index.ts'
import { following, shared } from './node.ts'
import { constant, type Operand, Tile, type ValueOf, type ValueType } from './operand.ts'
import { arithmetic, comparison, membership, negative, not } from './operators.ts'
import type { Scope } from './scope.ts'
import { commonType, convert, NULL, type Placed, TYPE_WORDS, words } from './types.ts'

const INTEGER_LIMIT = 2n ** 63n

/**
 * Checks the types of a parsed expression and makes the nodes that compute it. A node at a slot writes register `slot` and computes its operands at
 * `slot`, `slot + 1` and so on, so what it reads is never in the way.
 */
export class Compiler {
  readonly #text: string
  readonly #scope: Scope

  constructor(text: string, scope: Scope) {
    this.#text = text
    this.#scope = scope
  }

  compile(expression: Expression, slot: number): Operand {
    switch (expression.kind) {
      case 'number':
        return literal(expression.value, expression.whole)
      case 'text':
        return constant('text', expression.value)
      case 'boolean':
        return constant('boolean', expression.value)
      case 'null':
        return NULL
      case 'name': {
        const found = this.#scope.find(expression.parts)
        if (typeof found === 'string') throw this.#fail(expression.at, found)
        return found
      }
      case 'negative':
        return this.#negative(expression, slot)
      case 'not': {
        const operand = this.#typed(expression.operand, 'boolean', slot)
        return folded(not(slot, operand), [operand])
      }
      case 'arithmetic':
        return this.#arithmetic(expression, slot)
      case 'logical': {
        const sides = [this.#typed(expression.left, 'boolean', slot), this.#typed(expression.right, 'boolean', slot + 1)] as const
        return folded(logical(expression.operator, slot, sides), sides, true)
      }
      case 'joined':
        return this.#call('concat', joinedParts(expression), expression.at, slot)
      case 'comparison': {
        const [a, b] = this.#alike([expression.left, expression.right], slot)
        return folded(comparison(expression.operator, slot, [a!, b!]), [a!, b!])
      }
      case 'between':
        return this.#between(expression, slot)
      case 'in': {
        const [operand, ...items] = this.#in(expression, slot)
        const found = membership(slot, shared(operand!), items)
        return folded(expression.negated ? not(slot, found) : found, [operand!, ...items], true)
      }
      case 'is-null': {
        const operand = this.compile(expression.operand, slot)
        return folded(isNull(slot, operand, expression.negated), [operand], true)
      }
      case 'case':
        return this.#case(expression, slot)
      case 'call':
        return this.#call(expression.name, expression.arguments, expression.at, slot)
    }
  }

  #fail(at: number, reason: string): FairleadError {
    return expressionError(this.#text, at, reason)
  }

  #placed(expression: Expression, slot: number): Placed {
    return { operand: this.compile(expression, slot), at: expression.at, slot }
  }

  #typed<T extends ValueType>(expression: Expression, type: T, slot: number): Operand<T> {
    const placed = this.#placed(expression, slot)
    const operand = convert(placed, type, this.#text)
    if (!operand) throw this.#fail(placed.at, `${TYPE_WORDS[type]} is needed here, and this is ${words(placed.operand)}`)
    return operand as Operand<T>
  }

  /** Operands that become one type, at slots that follow each other. */
  #alike(expressions: readonly Expression[], slot: number): Operand[] {
    const placed = expressions.map((expression, i) => this.#placed(expression, slot + i))
    return this.#unified(placed)
  }

  #unified(placed: readonly Placed[]): Operand[] {
    const common = commonType(placed)
    if ('odd' in common) {
      throw this.#fail(common.odd.at, `${TYPE_WORDS[common.type]} cannot be compared with ${words(common.odd.operand)}`)
    }
    return placed.map((one) => convert(one, common.type ?? 'boolean', this.#text)!)
  }

  /** The items behind the two slots that `membership` uses. */
  #in({ operand, items }: Expression & { kind: 'in' }, slot: number): Operand[] {
    return this.#unified([this.#placed(operand, slot), ...items.map((item, i) => this.#placed(item, slot + 3 + i))])
  }

  #negative(expression: Expression & { kind: 'negative' }, slot: number): Operand {
    const operand = this.#numeric(expression.operand, slot)
    const value = operand.constant
    if (typeof value === 'number') return literal(-value, operand.whole === undefined ? undefined : -operand.whole)
    return folded(negative(slot, operand), [operand])
  }

  /** A number or a whole number. */
  #numeric(expression: Expression, slot: number): Operand {
    const operand = this.compile(expression, slot)
    if (operand === NULL) return constant('number', null)
    if (operand.type !== 'number' && operand.type !== 'integer') throw this.#fail(expression.at, notNumber(operand))
    return operand
  }

  #arithmetic(expression: Expression & { kind: 'arithmetic' }, slot: number): Operand {
    const { operator, left, right } = expression
    const numeric = [left, right].map((side, i) => ({ operand: this.#numeric(side, slot + i), at: side.at, slot: slot + i }))
    if (operator === '/') {
      const [a, b] = numeric.map((side) => convert(side, 'number', this.#text)!)
      return folded(arithmetic('/', slot, [a!, b!]), [a!, b!])
    }
    const [x, y] = numeric.map((side) => side.operand.whole)
    const [a, b] = this.#unified(numeric)
    const result = folded(arithmetic(operator, slot, [a!, b!]), [a!, b!])
    if (x === undefined || y === undefined || operator === '%' || result.constant === null) return result
    const whole = operator === '+' ? x + y : operator === '-' ? x - y : x * y
    return literal(result.constant as number, whole)
  }

  #between(expression: Expression & { kind: 'between' }, slot: number): Operand {
    const operands = this.#alike([expression.operand, expression.low, expression.high], slot)
    const [x, low, high] = [shared(operands[0]!), operands[1]!, operands[2]!]
    const within = logical('and', slot, [comparison('>=', slot + 1, [x, low]), comparison('<=', slot + 2, [x, high])])
    return folded(expression.negated ? not(slot, within) : within, operands, true)
  }

  #case(expression: Expression & { kind: 'case' }, slot: number): Operand {
    const { branches, otherwise } = expression
    const count = branches.length
    // a branch has its condition where the choice lies, what follows at the next slot, and its value behind
    const first = expression.operand ? slot + 1 : slot
    const { once, conditions } = this.#conditions(expression, slot, first)
    const values = this.#unified([
      ...branches.map(({ value }, i) => this.#placed(value, first + i + 2)),
      otherwise ? this.#placed(otherwise, first + count) : { operand: NULL, at: expression.at, slot: first + count },
    ])
    let result = values[count]!
    for (let i = count - 1; i >= 0; i--) {
      const choice = { condition: conditions[i]!, yes: values[i]!, no: result }
      result = folded(choose({ slot: i === 0 ? slot : first + i, choiceSlot: first + i }, choice), [conditions[i]!, values[i]!, result], true)
    }
    // a first condition that is known would leave it to a later one to compute the operand, over the register of the choice
    return once && result.constant === undefined ? following(once, result) : result
  }

  /** The conditions of a case, and the operand they have in common. */
  #conditions(expression: Expression & { kind: 'case' }, slot: number, first: number): { once?: Operand; conditions: Operand<'boolean'>[] } {
    if (!expression.operand) return { conditions: expression.branches.map(({ when }, i) => this.#typed(when, 'boolean', first + i)) }
    const values = expression.branches.map(({ when }, i) => this.#placed(when, first + i))
    const [operand, ...others] = this.#unified([this.#placed(expression.operand, slot), ...values])
    const once = shared(operand!)
    return { once, conditions: others.map((other, i) => folded(comparison('=', first + i, [once, other]), [operand!, other])) }
  }

  #call(name: string, expressions: readonly Expression[], at: number, slot: number): Operand {
    const definition = FUNCTIONS.get(name)
    if (!definition) throw this.#fail(at, unknownFunction(name))
    const { takes } = definition
    const least = takes.filter((parameter) => !parameter.optional && !parameter.rest).length
    const most = takes.at(-1)?.rest ? Number.POSITIVE_INFINITY : takes.length
    if (expressions.length < least || expressions.length > most) throw this.#fail(at, `${name} takes ${countWords(least, most)}, not ${expressions.length}`)
    const parameters = expressions.map((_, i) => takes[Math.min(i, takes.length - 1)]!)
    const operands = this.#arguments(name, expressions, parameters, slot)
    return this.#built(definition, operands, { expressions, slot, at })
  }

  #built(definition: FunctionDefinition, operands: readonly Operand[], call: { expressions: readonly Expression[]; slot: number; at: number }): Operand {
    const refuse = (index: number, reason: string) => this.#fail(call.expressions[index]?.at ?? call.at, reason)
    const built = definition.build({ operands, slot: call.slot, refuse })
    try {
      return folded(built, operands, definition.nullsMatter)
    } catch (error) {
      if (error instanceof FairleadError) throw this.#fail(call.at, error.message)
      throw error
    }
  }

  #arguments(name: string, expressions: readonly Expression[], parameters: readonly Parameter[], slot: number): Operand[] {
    const placed = expressions.map((expression, i) => this.#placed(expression, slot + i))
    const alike = placed.filter((_, i) => parameters[i]!.type === 'alike')
    const unified = alike.length > 0 ? this.#unified(alike) : []
    return placed.map((one, i) => {
      const { type, constant: known, choices } = parameters[i]!
      if (type === 'alike') return unified.shift()!
      if (type === 'any') return one.operand
      const operand = type === 'numeric' ? this.#asNumeric(one) : convert(one, type, this.#text)
      const wanted = type === 'numeric' ? TYPE_WORDS.number : TYPE_WORDS[type]
      if (!operand) throw this.#fail(one.at, `${name} takes ${wanted} here, and this is ${words(one.operand)}${hint(one.operand, type)}`)
      if (known && (operand.constant === undefined || operand.constant === null)) {
        throw this.#fail(one.at, `${name} takes ${wanted} here that is written out and not computed from columns`)
      }
      if (choices && !choices.includes(operand.constant as string)) {
        throw this.#fail(one.at, `${name} takes one of ${choices.map((choice) => `'${choice}'`).join(', ')} here, and this is '${operand.constant}'`)
      }
      return operand
    })
  }

  #asNumeric({ operand }: Placed): Operand | undefined {
    if (operand === NULL) return constant('number', null)
    return operand.type === 'number' || operand.type === 'integer' ? operand : undefined
  }
}

/** What a chain of `||` joins, all at once. */
function joinedParts(expression: Expression): Expression[] {
  const parts: Expression[] = []
  let rest = expression
  for (; rest.kind === 'joined'; rest = rest.left) parts.unshift(rest.right)
  return [rest, ...parts]
}

function literal(value: number, whole: bigint | undefined): Operand<'number'> {
  const fits = whole !== undefined && whole >= -INTEGER_LIMIT && whole < INTEGER_LIMIT
  return constant('number', value, fits ? whole : undefined)
}

/** The answer itself where all operands are known, and null where one is that makes it null; else the node as it is. */
function folded<T extends ValueType>(made: Operand<T>, operands: readonly Operand[], nullsMatter = false): Operand<T> {
  if (made.constant !== undefined) return made
  if (!nullsMatter && operands.some((operand) => operand.constant === null)) return constant(made.type, null)
  if (operands.some((operand) => operand.constant === undefined)) return made
  const tile = new Tile([])
  tile.count = 1
  made.run(tile)
  const value = made.nulls?.[0] ? null : made.type === 'boolean' ? made.data[0] === 1 : made.data[0]!
  return constant(made.type, value as ValueOf[T] | null)
}

function notNumber(operand: Operand): string {
  if (operand.type === 'time') return 'a time is not a number: time_add moves one, seconds_between and days_between tell what lies between two'
  return `a number is needed here, and this is ${words(operand)}${operand.type === 'text' ? '; texts are joined with ||' : ''}`
}

function hint(operand: Operand, type: Parameter['type']): string {
  if (type === 'text') return `; text(…) writes it as one`
  if (operand.type !== 'text') return ''
  if (type === 'time') return '; to_time(…) reads one'
  return type === 'number' || type === 'numeric' ? '; number(…) reads one' : ''
}

function countWords(least: number, most: number): string {
  if (most === Number.POSITIVE_INFINITY) return `at least ${least} values`
  return least === most ? `${least} ${least === 1 ? 'value' : 'values'}` : `${least} to ${most} values`
}

function unknownFunction(name: string): string {
  const refused = REFUSED.get(name)
  if (refused !== undefined) return refused
  const near = nearestWord(name, FUNCTIONS.keys())
  return `there is no function "${name}"${near === undefined ? '; docs/reference/expressions.md lists them' : `; did you mean "${near}"?`}`
}
