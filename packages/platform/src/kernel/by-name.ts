function Bare() {
  // nothing is there before a name is put in
}
Bare.prototype = Object.freeze(Object.create(null))

/**
 * An empty record for values whose names come from outside. It inherits nothing, so that `__proto__` and `constructor` are names as all others;
 * unlike what `Object.create(null)` makes, it is as fast as a literal.
 */
export const ByName = Bare as unknown as new <T>() => Record<string, T>
