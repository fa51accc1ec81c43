/** A value of the oracle; times as `Date`. */
export type OracleValue = number | bigint | string | boolean | Date | null

/** `literal` is a whole number that was written out, which takes the type of what it meets. */
export type OracleType = 'number' | 'integer' | 'literal' | 'text' | 'boolean' | 'time' | 'null'

export interface Typed {
  type: OracleType
  value: OracleValue
}

/** The type that values of several have in common. */
export function commonOf(types: readonly OracleType[]): OracleType {
  const distinct = [...new Set(types.filter((type) => type !== 'null'))]
  if (distinct.length <= 1) return distinct[0] ?? 'null'
  if (distinct.includes('time')) return 'time'
  return distinct.includes('number') ? 'number' : 'integer'
}

/** A value as one of another type. */
export function as({ type, value }: Typed, target: OracleType): OracleValue {
  if (value === null || type === target) return value
  if (target === 'number') return Number(value)
  if (target === 'time') return new Date(value as string)
  return value
}

/** What `a` compared with `b` is: negative, 0, positive, or NaN. */
export function order(a: OracleValue, b: OracleValue): number {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  const [x, y] = a instanceof Date && b instanceof Date ? [a.getTime(), b.getTime()] : [a!, b!]
  return x < y ? -1 : x > y ? 1 : x === y ? 0 : Number.NaN
}
