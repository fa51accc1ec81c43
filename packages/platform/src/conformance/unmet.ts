/** Thrown by a check whose statement does not hold; the message says what was found instead. */
export class Unmet extends Error {
  override readonly name = 'Unmet'
}

/** Throws `Unmet` unless `condition` holds. */
export function must(condition: unknown, found: string): asserts condition {
  if (!condition) throw new Unmet(found)
}
