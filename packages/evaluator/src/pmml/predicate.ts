import { TEST } from '../form/trees.ts'
import { type Element, readArray } from './element.ts'
import { constantOf, type Field, type Scope } from './scope.ts'

/** A test of one field: TRUE where it holds (or does not, where `negated` is set), UNKNOWN where the field is missing. */
interface Test {
  readonly kind: 'test'
  readonly field: Field
  readonly rule: number
  readonly value: number
  readonly negated: boolean
  /** What it is where the field is missing, if that is said: else UNKNOWN. */
  readonly missing?: boolean
}

/** What a predicate asks, in PMML's logic of TRUE, FALSE and UNKNOWN. */
export type Predicate =
  | { readonly kind: 'true' | 'false' }
  | Test
  | { readonly kind: 'missing'; readonly field: Field; readonly negated: boolean }
  | { readonly kind: 'set'; readonly field: Field; readonly members: readonly number[]; readonly negated: boolean; readonly missing?: boolean }
  | { readonly kind: 'and' | 'or' | 'surrogate'; readonly parts: readonly Predicate[] }

const PREDICATES = new Set(['True', 'False', 'SimplePredicate', 'SimpleSetPredicate', 'CompoundPredicate'])
const DEEPEST = 50

/** TEST and negation of each operator. */
const OPERATORS: Readonly<Record<string, readonly [number, boolean]>> = {
  equal: [TEST.equal, false],
  notEqual: [TEST.equal, true],
  lessThan: [TEST.less, false],
  lessOrEqual: [TEST.atMost, false],
  greaterThan: [TEST.atMost, true],
  greaterOrEqual: [TEST.less, true],
}

/** The predicate of a node, a segment or an attribute. Throws UnreadableModel for what is not read. */
export function predicateOf(element: Element, scope: Scope): Predicate {
  const found = element.children().find((child) => PREDICATES.has(child.name))
  if (found === undefined) throw element.malformed('it has no predicate')
  return readPredicate(found, scope, 0)
}

function readPredicate(element: Element, scope: Scope, depth: number): Predicate {
  if (depth > DEEPEST) throw element.malformed(`predicates nested deeper than ${DEEPEST}`)
  switch (element.name) {
    case 'True':
      return { kind: 'true' }
    case 'False':
      return { kind: 'false' }
    case 'SimplePredicate':
      return readSimple(element, scope)
    case 'SimpleSetPredicate':
      return readSet(element, scope)
    default: {
      const kind = element.get('booleanOperator')
      if (kind !== 'and' && kind !== 'or' && kind !== 'surrogate') throw element.unsupported(`predicates joined by ${kind} are not read`)
      const parts = element.children().map((child) => {
        if (!PREDICATES.has(child.name)) throw child.unsupported('it is no predicate that is read')
        return readPredicate(child, scope, depth + 1)
      })
      if (parts.length === 0) throw element.malformed('it joins no predicates')
      return joined(kind, parts)
    }
  }
}

/** `isMissing or test` of one field, and `isNotMissing and test`, are one test that says what is missing. */
function joined(kind: 'and' | 'or' | 'surrogate', parts: readonly Predicate[]): Predicate {
  const [a, b] = parts
  const [missing, test] = a?.kind === 'missing' ? [a, b] : [b, a]
  if (parts.length !== 2 || missing?.kind !== 'missing' || (test?.kind !== 'test' && test?.kind !== 'set') || test.field.value !== missing.field.value)
    return { kind, parts }
  if (kind === 'or' && !missing.negated) return { ...test, missing: true }
  if (kind === 'and' && missing.negated) return { ...test, missing: false }
  return { kind, parts }
}

function readSimple(element: Element, scope: Scope): Predicate {
  const field = scope.get(element.get('field'), element)
  const operator = element.get('operator')
  if (operator === 'isMissing' || operator === 'isNotMissing') return { kind: 'missing', field, negated: operator === 'isNotMissing' }
  const known = OPERATORS[operator]
  if (known === undefined) throw element.unsupported(`the operator ${operator} is not known`)
  const [rule, negated] = known
  if (field.codes !== undefined && rule !== TEST.equal) throw element.unsupported('categories in an order are not read')
  return { kind: 'test', field, rule, value: constantOf(field, element.get('value'), element), negated }
}

function readSet(element: Element, scope: Scope): Predicate {
  const field = scope.get(element.get('field'), element)
  const operator = element.get('booleanOperator')
  if (operator !== 'isIn' && operator !== 'isNotIn') throw element.unsupported(`the operator ${operator} is not known`)
  const array = element.child('Array')
  if (array === undefined) throw element.malformed('it has no Array')
  const members = readArray(array).map((text) => constantOf(field, text, element))
  const negated = operator === 'isNotIn'
  if (field.codes !== undefined) return { kind: 'set', field, members: members.filter((code) => code >= 0), negated }
  // A set of numbers is asked number by number: a set of the form cuts fractions off.
  const parts = members.map((value): Test => ({ kind: 'test', field, rule: TEST.equal, value, negated }))
  if (parts.length === 0) return { kind: negated ? 'true' : 'false' }
  return { kind: negated ? 'and' : 'or', parts }
}

/** Whether one predicate holds exactly where the other does not, of a field that is there. */
export function areOpposite(a: Predicate, b: Predicate): boolean {
  if ('missing' in a || 'missing' in b)
    return a.kind === b.kind && 'missing' in a && 'missing' in b && a.missing !== b.missing && areOpposite(plain(a), plain(b))
  if (a.kind === 'test' && b.kind === 'test') return a.field.value === b.field.value && a.rule === b.rule && a.value === b.value && a.negated !== b.negated
  const [x, y] = [asSet(a), asSet(b)]
  if (x === undefined || y === undefined || x.field.value !== y.field.value) return false
  const same = x.members.length === y.members.length && x.members.every((member) => y.members.includes(member))
  if (same) return x.negated !== y.negated
  // Two sets that share all categories of a closed list between them.
  const all = new Set([...x.members, ...y.members])
  return (
    !x.negated && !y.negated && x.field.codes?.isClosed === true && all.size === x.members.length + y.members.length && all.size === x.field.codes.texts.length
  )
}

/** A test of categories as one of a set. */
function asSet(predicate: Predicate): { readonly field: Field; readonly members: readonly number[]; readonly negated: boolean } | undefined {
  if (predicate.kind === 'set') return predicate
  if (predicate.kind !== 'test' || predicate.field.codes === undefined) return undefined
  return { field: predicate.field, members: predicate.value >= 0 ? [predicate.value] : [], negated: predicate.negated }
}

/** A test without what it says of a missing value. */
function plain(predicate: Predicate): Predicate {
  if (predicate.kind !== 'test' && predicate.kind !== 'set') return predicate
  const { missing: _, ...rest } = predicate
  return rest
}
