import type { DataType, InputColumn, OutputField, TensorSpec } from '@fairlead/contract'
import type { Column, ColumnSpec } from './columns.ts'
import type { LookupOptions } from './lookup/index.ts'

/** Where the values of a column lie before any step has touched them. */
export interface TensorSource {
  /** The tensors of the request, or the answer of a model by its place among the calls. */
  from: 'request' | number
  tensor: string
  type: DataType
  /** Position among the values of one row; absent where a row's values go together. */
  offset?: number
  /** Class labels in place of the class indices that the tensor has. */
  classes?: readonly string[]
}

/** Columns of one batch while steps run; a place is filled once. */
export type WorkingFrame = Column[]

/** One piece of work over columns. It never waits, and reads and fills only the places it names. */
export interface Operation {
  /** Position of its step in the pipeline. */
  step: number
  uses: readonly number[]
  makes: readonly number[]
  run(frame: WorkingFrame, rows: number): void
}

/** Puts a tensor's values into a place of the frame. */
export interface Fill {
  place: number
  source: TensorSource
  /** The column's name, for messages. */
  name: string
}

/** Where a column of a model comes from: the request's tensor as it is, or a place of the frame. */
export interface ModelColumn {
  column: InputColumn
  from: { request: string } | { place: number }
}

/** Calling one model. */
export interface ModelCall {
  step: number
  inputs: { spec: TensorSpec; columns: ModelColumn[] }[]
}

/** Looking up features at a service, which takes time. */
export interface LookupCall {
  step: number
  options: LookupOptions
  /** Places of the keys' columns, in the order of the options. */
  keys: readonly number[]
  /** Places of the features' columns, in the order of the options. */
  makes: readonly number[]
}

/** What can be done at one time: all that waits for nothing, then the models and services that this made possible, side by side. */
export interface Phase {
  fills: Fill[]
  operations: Operation[]
  /** Places among the plan's calls. */
  calls: number[]
  /** Places among the plan's lookups. */
  lookups: number[]
}

/** One tensor of the answer. */
export interface AnswerPart {
  spec: TensorSpec
  from: { request: string } | { call: number; tensor: string } | { place: number }
}

/** A name that steps can use at one point of the pipeline, and what it stands for. */
export interface Binding {
  spec: ColumnSpec
  /** Where it lies as a tensor; absent for what a step made. */
  source?: TensorSource
  /** Its place in the frame, once a step needs it there. */
  place?: number
  /** The phase in which it is there. */
  level: number
  /** Names of a vector's values. */
  keys?: readonly string[]
  elements?: Map<number, Binding>
  /** The caller's column that it is, or is but for what was missing. */
  column?: InputColumn
  /** The model's field that it is. */
  field?: OutputField
  /** All texts that it may be. */
  labels?: readonly string[]
  /** Whether it is a part of the answer. */
  answered: boolean
}

/** Gathers what a pipeline does, phase by phase. */
export class Plan {
  readonly phases: Phase[] = []
  readonly calls: ModelCall[] = []
  readonly lookups: LookupCall[] = []
  readonly #levels: number[] = []

  get places(): number {
    return this.#levels.length
  }

  /** The latest phase in which one of the places is filled. */
  levelOf(places: readonly number[]): number {
    return places.reduce((level, place) => Math.max(level, this.#levels[place]!), 0)
  }

  /** A new place, filled by an operation that uses others. */
  operate(operation: Omit<Operation, 'makes'>, count = 1): { makes: number[]; level: number } {
    const level = this.levelOf(operation.uses)
    const makes = Array.from({ length: count }, () => this.#levels.push(level) - 1)
    this.#phase(level).operations.push({ ...operation, makes })
    return { makes, level }
  }

  /** A new place, filled from a tensor. */
  fill(source: TensorSource, name: string, level: number): number {
    const place = this.#levels.push(level) - 1
    this.#phase(level).fills.push({ place, source, name })
    return place
  }

  /** Calls a model as soon as its columns are there; answers its place among the calls and the phase after it. */
  call(call: ModelCall): { at: number; level: number } {
    const level = this.levelOf(placesOf(call))
    const at = this.calls.push(call) - 1
    this.#phase(level).calls.push(at)
    this.#phase(level + 1)
    return { at, level: level + 1 }
  }

  /** By phase: the places that are filled by then, and that later ones or the answer read. */
  kept(answered: readonly number[]): number[][] {
    const later = new Set(answered)
    const kept: number[][] = []
    for (let at = this.phases.length - 1; at >= 0; at--) {
      const { fills, operations, calls, lookups } = this.phases[at]!
      const keys = lookups.flatMap((lookup) => this.lookups[lookup]!.keys)
      kept[at] = [...new Set([...later, ...keys])].filter((place) => this.#levels[place]! <= at)
      for (const { place } of fills) later.delete(place)
      for (const { uses } of operations) for (const place of uses) later.add(place)
      for (const place of [...keys, ...calls.flatMap((call) => placesOf(this.calls[call]!))]) later.add(place)
    }
    return kept
  }

  /** Asks a service as soon as the keys are there; answers the places of its features, and the phase after it. */
  lookUp(call: Omit<LookupCall, 'makes'>): { makes: number[]; level: number } {
    const level = this.levelOf(call.keys)
    const makes = call.options.features.map(() => this.#levels.push(level + 1) - 1)
    this.#phase(level).lookups.push(this.lookups.push({ ...call, makes }) - 1)
    this.#phase(level + 1)
    return { makes, level: level + 1 }
  }

  #phase(level: number): Phase {
    while (this.phases.length <= level) this.phases.push({ fills: [], operations: [], calls: [], lookups: [] })
    return this.phases[level]!
  }
}

/** The places that a model reads. */
function placesOf({ inputs }: ModelCall): number[] {
  return inputs.flatMap(({ columns }) => columns.flatMap(({ from }) => ('place' in from ? [from.place] : [])))
}
