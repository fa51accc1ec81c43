/** What stands on the stack of a pickle that is read but not run: as much as it takes to see what is imported and called. */
export type Value = number | string | null | Import | Call | Tuple | Dict

/** A name that the pickle imports. */
export class Import {
  readonly module: string
  readonly name: string
  /** Opcode that imports it. */
  readonly opcode: string
  called = false
  count = 0

  constructor(module: string, name: string, opcode: string) {
    this.module = module
    this.name = name
    this.opcode = opcode
  }
}

/** What calling an import would give. */
export class Call {
  readonly of: Import | undefined
  readonly arguments: Value
  /** What it would be set up with. */
  state: Value = null

  constructor(of: Import | undefined, args: Value) {
    this.of = of
    this.arguments = args
  }
}

/** A tuple, as far as it is short. */
export class Tuple {
  readonly items: readonly Value[]

  constructor(items: readonly Value[]) {
    this.items = items
  }
}

/** A dict's few entries with texts for keys. */
export class Dict {
  readonly entries = new Map<string, Value>()
}
