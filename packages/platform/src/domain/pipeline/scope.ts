import { FairleadError, type InputColumn } from '@fairlead/contract'
import { nearestWord } from '../../kernel/suggestion.ts'
import { numbersFor } from './column-memory.ts'
import type { Column, ColumnSpec, ColumnType, Frame } from './columns.ts'
import { compileColumns } from './expression/index.ts'
import type { LookupOptions } from './lookup/index.ts'
import type { Binding, Operation, Plan } from './plan.ts'
import { type StepPlace, stepError } from './step-errors.ts'
import { COLUMN_WORDS, columnTypeOf } from './values.ts'

/** A column that a step uses: its place in the frame, and what is known of it. */
export interface Used {
  place: number
  spec: ColumnSpec
}

/** An expression over the columns there are. */
export interface UsedExpression {
  type: ColumnType
  nullable: boolean
  uses: readonly number[]
  evaluate(frame: Frame, rows: number): Column
}

/** What a step that makes a column says of it. */
export interface Made {
  uses: readonly number[]
  labels?: readonly string[]
  compute(frame: Frame, rows: number): Column
}

/** A name that can be used, whether or not anybody did so far. */
interface Known {
  spec: ColumnSpec
  bind(): Binding
}

/**
 * The columns that there are at one point of a pipeline, by name, while it is compiled. Columns of callers come into being when they are first used:
 * those that the models ahead know by name, and those that were declared.
 */
export class Scope {
  readonly plan: Plan
  /** The step that is compiled. */
  step = { index: 0, name: '' }
  /** Whether the answers of a model are there. */
  afterModel = false
  /** Columns of callers, in the order in which they were first used or declared. */
  readonly #request: InputColumn[] = []
  readonly #declared = new Set<InputColumn>()
  readonly #reached = new Map<InputColumn, InputColumn>()
  readonly #visible = new Map<string, Binding>()
  readonly #candidates: Map<string, InputColumn>
  /** Names that a step fills where they are null, so that callers may leave them out. */
  readonly #filled: ReadonlySet<string>

  constructor(plan: Plan, candidates: readonly InputColumn[], filled: ReadonlySet<string>) {
    this.plan = plan
    this.#candidates = new Map(candidates.map((column) => [column.name, column]))
    this.#filled = filled
  }

  place(at = ''): StepPlace {
    return { index: this.step.index, step: this.step.name, at }
  }

  error(at: string, reason: string, cause?: FairleadError): FairleadError {
    return stepError(this.place(at), reason, cause)
  }

  /** Declares a column of callers. */
  declare(column: InputColumn): Binding {
    this.#declared.add(column)
    return this.#ask(column)
  }

  /** Notes that values of a caller's column reach a column of a model as they are. */
  reach(column: InputColumn, model: InputColumn): void {
    this.#reached.set(column, model)
  }

  /**
   * The columns of callers. What a model's signature says of a column holds for callers where their values reach it as they are; one that was changed on the
   * way keeps its type alone.
   */
  requestColumns(): InputColumn[] {
    return this.#request.map((column) => {
      const model = this.#reached.get(column)
      if (this.#declared.has(column)) return model ? { ...limits(model), ...column } : column
      const { name, type, tensor, shape, optional } = column
      return model ? column : { name, type, tensor, ...(shape ? { shape } : {}), ...(optional ? { optional } : {}) }
    })
  }

  #ask(column: InputColumn): Binding {
    this.#request.push(column)
    const type = (column.shape ?? []).length > 0 ? 'vector' : columnTypeOf(column.type)
    const binding: Binding = {
      spec: { name: column.name, type, nullable: column.optional === true },
      source: { from: 'request', tensor: column.name, type: column.type, ...(type === 'vector' ? {} : { offset: 0 }) },
      level: 0,
      column,
      answered: false,
    }
    this.#visible.set(column.name, binding)
    return binding
  }

  /** What a name stands for; a column of callers is made for one that a model ahead has. */
  find(name: string): Binding | undefined {
    return this.#visible.get(name) ?? this.#candidate(name)?.bind() ?? this.#element(name)?.bind()
  }

  /** Whether a column of this name is there. One that callers could send and nobody has used is not. */
  has(name: string): boolean {
    return this.#visible.has(name)
  }

  /** A column that a step uses. Throws `pipeline-invalid` where there is none of the name. */
  use(name: string, at: string, types?: readonly ColumnType[]): Used {
    const binding = this.find(name)
    if (!binding) throw this.error(at, this.#unknown(name))
    const { spec } = binding
    if (types && !types.includes(spec.type)) {
      const hint = binding.keys ? `; ${this.#keysHint(name, binding.keys)}` : ''
      throw this.error(at, `${words(types)} is needed, and the column "${name}" is ${COLUMN_WORDS[spec.type]}${hint}`)
    }
    return { place: this.materialise(binding), spec }
  }

  /** The place of a column in the frame. */
  materialise(binding: Binding): number {
    binding.place ??= this.plan.fill(binding.source!, binding.spec.name, binding.level)
    return binding.place
  }

  /** Compiles an expression over the columns there are. Throws `pipeline-invalid` with the position in the text. */
  expression(text: string, at: string): UsedExpression {
    const known = [...this.#known()]
    const specs = known.map(({ spec }) => spec)
    let compiled: ReturnType<typeof compileColumns>
    try {
      compiled = compileColumns(text, specs)
    } catch (error) {
      if (error instanceof FairleadError && error.code === 'expression-invalid') throw this.error(at, `${error.message}${this.#hintFor(text)}`, error)
      throw error
    }
    const places: [number, number][] = compiled.uses.map((use) => [use, this.materialise(known[use]!.bind())])
    const { type, nullable } = compiled
    return {
      type,
      nullable,
      uses: places.map(([, place]) => place),
      evaluate(frame, rows) {
        const own: Column[] = []
        for (const [use, place] of places) own[use] = frame[place]!
        return compiled.evaluate(own, rows)
      },
    }
  }

  /** Adds a column, or puts it in the place of the one of that name. */
  put(spec: ColumnSpec, made: Made): Binding {
    const { makes, level } = this.plan.operate({
      step: this.step.index,
      uses: made.uses,
      run(frame, rows) {
        frame[makes[0]!] = made.compute(frame, rows)
      },
    })
    return this.bind({ spec, place: makes[0]!, level, answered: this.afterModel, ...(made.labels ? { labels: made.labels } : {}) })
  }

  /** Adds several columns that one piece of work makes. */
  putAll(specs: readonly ColumnSpec[], made: { uses: readonly number[]; compute(frame: Frame, rows: number): readonly Column[] }): Binding[] {
    const operation: Omit<Operation, 'makes'> = {
      step: this.step.index,
      uses: made.uses,
      run(frame, rows) {
        const columns = made.compute(frame, rows)
        for (const [i, place] of makes.entries()) frame[place] = columns[i]!
      },
    }
    const { makes, level } = this.plan.operate(operation, specs.length)
    return specs.map((spec, i) => this.bind({ spec, place: makes[i]!, level, answered: this.afterModel }))
  }

  /** Adds the columns of features that a service is asked for. */
  lookUp(specs: readonly ColumnSpec[], options: LookupOptions, keys: readonly number[]): void {
    const { makes, level } = this.plan.lookUp({ step: this.step.index, options, keys })
    for (const [i, spec] of specs.entries()) this.bind({ spec, place: makes[i]!, level, answered: this.afterModel })
  }

  /** Gives a binding its name; one of the same name is hidden by it. */
  bind(binding: Binding): Binding {
    const { name } = binding.spec
    // what a step adds to the answer comes last, also where an input had its name
    if (this.#visible.get(name)?.answered === false) this.#visible.delete(name)
    this.#visible.set(name, binding)
    return binding
  }

  /** Takes names away, all but those told. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of [...this.#visible.keys()]) if (!names.has(name)) this.#visible.delete(name)
    for (const name of [...this.#candidates.keys()]) if (!names.has(name)) this.#candidates.delete(name)
  }

  remove(name: string): void {
    this.#visible.delete(name)
    this.#candidates.delete(name)
  }

  /** The names there are, in order. */
  bindings(): Binding[] {
    return [...this.#visible.values()]
  }

  /** Everything that an expression can name here. */
  *#known(): Iterable<Known> {
    for (const binding of this.#visible.values()) yield { spec: binding.spec, bind: () => binding }
    for (const name of this.#candidates.keys()) {
      const candidate = this.#candidate(name)
      if (candidate) yield candidate
    }
    const taken = new Set(this.#visible.keys())
    for (const binding of [...this.#visible.values()]) {
      for (const [offset, key] of (binding.keys ?? []).entries()) {
        for (const name of [`${binding.spec.name}.${key}`, `${binding.spec.name}_${key}`]) {
          if (!taken.has(name)) yield { spec: { name, type: 'number', nullable: binding.spec.nullable }, bind: () => this.#elementOf(binding, offset) }
        }
      }
    }
    const probability = taken.has('probability') ? undefined : this.#element('probability')
    if (probability) yield probability
  }

  #candidate(name: string): Known | undefined {
    const column = this.#candidates.get(name)
    if (!column || this.#visible.has(name)) return undefined
    const optional = column.optional === true || this.#filled.has(name)
    const { tensor: _, index: __, ...rest } = column
    const own: InputColumn = { ...rest, tensor: name, ...(optional ? { optional } : {}) }
    const type = (own.shape ?? []).length > 0 ? 'vector' : columnTypeOf(own.type)
    return {
      spec: { name, type, nullable: optional },
      bind: () => this.#visible.get(name) ?? this.#ask(own),
    }
  }

  #element(name: string): Known | undefined {
    for (const binding of this.#visible.values()) {
      if (!binding.keys) continue
      const own = binding.spec.name
      const rest = name.startsWith(own) && (name[own.length] === '.' || name[own.length] === '_') ? name.slice(own.length + 1) : undefined
      const isLast = name === 'probability' && binding.field?.kind === 'probabilities' && binding.keys.length === 2
      const offset = isLast ? 1 : rest === undefined ? -1 : binding.keys.indexOf(rest)
      if (offset >= 0) return { spec: { name, type: 'number', nullable: binding.spec.nullable }, bind: () => this.#elementOf(binding, offset) }
    }
    return undefined
  }

  /** One value of a vector as a column. */
  #elementOf(vector: Binding, offset: number): Binding {
    vector.elements ??= new Map()
    const known = vector.elements.get(offset)
    if (known) return known
    const spec: ColumnSpec = { name: `${vector.spec.name}.${vector.keys![offset]}`, type: 'number', nullable: vector.spec.nullable }
    const element: Binding = vector.source
      ? { spec, source: { ...vector.source, offset }, level: vector.level, answered: false }
      : { spec, level: vector.level, answered: false, place: this.#pick(vector, offset) }
    vector.elements.set(offset, element)
    return element
  }

  #pick(vector: Binding, offset: number): number {
    const from = this.materialise(vector)
    const width = vector.keys!.length
    const { makes } = this.plan.operate({
      step: this.step.index,
      uses: [from],
      run(frame, rows) {
        const data = numbersFor(rows)
        const { data: all } = frame[from] as Column & { type: 'vector' }
        for (let row = 0; row < rows; row++) data[row] = all[row * width + offset]!
        frame[makes[0]!] = { type: 'number', data }
      },
    })
    return makes[0]!
  }

  #unknown(name: string): string {
    const names = [...this.#known()].map(({ spec }) => spec.name)
    const near = nearestWord(name, names)
    const hint = near !== undefined ? `did you mean "${near}"?` : names.length > 0 ? `there are ${names.slice(0, 20).join(', ')}` : 'there are none yet'
    return `there is no column "${name}"; ${hint}${this.afterModel ? '' : ' A column that only callers know is declared by a first step `inputs`.'}`
  }

  #keysHint(name: string, keys: readonly string[]): string {
    return `write ${keys
      .slice(0, 5)
      .map((key) => quoted(name, key))
      .join(' or ')}`
  }

  /** What helps where an expression names a field of several values. */
  #hintFor(text: string): string {
    for (const { spec, keys, field } of this.#visible.values()) {
      if (!keys || keys.length === 0) continue
      if (field?.kind === 'probabilities' && keys.length !== 2 && /\bprobability\b/.test(text))
        return ` "probability" is only clear for two classes, and this model has ${keys.length}; ${this.#keysHint(spec.name, keys)}.`
      if (text.includes(spec.name)) return ` "${spec.name}" has several values per row; ${this.#keysHint(spec.name, keys)}.`
    }
    return this.afterModel && /\bprobability\b/.test(text)
      ? ' "probability" means the probability of the last of two classes, and this model answers no probabilities.'
      : ''
  }
}

function limits({ min, max, values, unit, description, shape }: InputColumn): Partial<InputColumn> {
  return Object.fromEntries(Object.entries({ min, max, values, unit, description, shape }).filter(([, value]) => value !== undefined))
}

function words(types: readonly ColumnType[]): string {
  return types.map((type) => COLUMN_WORDS[type]).join(' or ')
}

function quoted(name: string, key: string): string {
  return /^[\p{L}\p{N}_]+$/u.test(key) ? `${name}.${key}` : `${name}.\`${key.replaceAll('`', '``')}\``
}
