import { FairleadError } from '@fairlead/contract'
import type { ReleaseSettings } from '@fairlead/contract/control'
import { type Column, type CompiledPipeline, columnMemory, type Phase, type WorkingFrame } from '../../pipeline/index.ts'
import type { BatchResult, Outcome, Work } from '../queued-request.ts'
import { sliceRows } from '../tensors.ts'
import type { Tensors } from '../types.ts'
import { answerOf, joinColumns } from './answer.ts'
import { Feed, type FeedRun, type Portion } from './feed.ts'
import { columnOf } from './fill.ts'

/** Has a model run, by its place among a pipeline's calls. May throw before it has begun. */
export type CallModel = (call: number, work: Work, outcome: Outcome) => void

/** The steps of a release over tensors: what callers sent in, what they get out. Compiled once per release. */
export class StepsPlan {
  readonly pipeline: CompiledPipeline
  readonly feeds: readonly Feed[]
  /** By phase: the places that are still read after it. */
  readonly kept: readonly ReadonlySet<number>[]

  constructor(pipeline: CompiledPipeline, { unknownValues }: Pick<ReleaseSettings, 'unknownValues'>) {
    this.pipeline = pipeline
    this.kept = pipeline.kept.map((places) => new Set(places))
    this.feeds = pipeline.calls.map((call) => new Feed(call, unknownValues))
  }

  /** The tensors of the model for what a caller sent. Rejects as `start` fails. */
  modelInputs(inputs: Tensors, rows: number, lookups: readonly Lookup[]): Promise<Tensors> {
    return new Promise((resolve, failed) => {
      const call: CallModel = (_, work) => resolve(work.inputs)
      this.start({ inputs, rows, deadline: Number.POSITIVE_INFINITY }, { done: () => {}, failed }, { call, lookups })
    })
  }

  /**
   * Runs everything, and tells `outcome` once. Models and services that need nothing of each other are asked side by side. Throws as `Feed.tensors`, `call` and
   * steps do before the first of them was asked; later it tells.
   */
  start(asked: Work, outcome: Outcome, around: Around): void {
    new StepsRun(this, { asked, outcome, ...around }).next()
  }
}

/** What steps cannot do by themselves. */
interface Around {
  call: CallModel
  /** By their place among the pipeline's lookups. */
  lookups: readonly Lookup[]
  /** Takes the columns of few rows, for who wants to see them. */
  frame?: WorkingFrame
}

/** Looks features up by the columns of their keys. */
export interface Lookup {
  columns(keys: readonly Column[], rows: number): Promise<Column[]>
}

/** Rows that go through the steps together: so few that their columns stay near the processor, and take up no new memory for each step. */
const PORTION_ROWS = 2048

interface Batch {
  portions: Portion[]
  request: Tensors
  /** Of the models, by the place of the call. */
  answers: Tensors[]
  rows: number
}

function newBatch({ places }: CompiledPipeline, request: Tensors, rows: number): Batch {
  const portions: Portion[] = []
  for (let start = 0; start < rows; start += PORTION_ROWS) portions.push({ start, end: Math.min(rows, start + PORTION_ROWS), frame: new Array(places) })
  return { portions, request, answers: [], rows }
}

/** What is done in one phase. */
interface PhaseWork {
  phase: Phase
  /** The inputs of the models after it. */
  feeds: readonly FeedRun[]
  /** Places of this phase and earlier ones that later ones read. */
  kept: ReadonlySet<number>
}

/** Does the work of a phase, and fills the inputs of the models after it. Throws as steps do, with the places of rows in the whole request. */
function workThrough({ phase, feeds, kept }: PhaseWork, batch: Batch): void {
  const [only, ...more] = batch.portions
  if (only && more.length === 0) {
    work(phase, only, batch)
    for (const feed of feeds) feed.fill(only)
    return
  }
  try {
    for (const portion of batch.portions) {
      columnMemory.begin(PORTION_ROWS)
      work(phase, portion, batch)
      for (const feed of feeds) feed.fill(portion)
      portion.frame = keptOf(portion.frame, kept)
    }
  } catch (error) {
    columnMemory.end()
    throw error instanceof FairleadError ? refusalOfAll(phase, batch, error) : error
  } finally {
    columnMemory.end()
  }
}

/** The columns that are read later. Those that lie in the memory of portions are copied, since the next portion writes over them. */
function keptOf(frame: WorkingFrame, kept: ReadonlySet<number>): WorkingFrame {
  const own: WorkingFrame = []
  for (const place of kept) {
    const column = frame[place]
    if (column) own[place] = columnMemory.lends(column.data) ? ({ ...column, data: column.data.slice() } as Column) : column
  }
  return own
}

/** A step counts rows from where its portion begins; asked about all rows at once, it counts from the beginning. */
function refusalOfAll(phase: Phase, batch: Batch, refusal: FairleadError): unknown {
  const places = Math.max(...batch.portions.map(({ frame }) => frame.length))
  try {
    const frame: WorkingFrame = []
    for (let place = 0; place < places; place++) {
      const columns = batch.portions.map((portion) => portion.frame[place])
      if (columns.every((column) => column !== undefined)) frame[place] = joinColumns(columns)
    }
    work(phase, { start: 0, end: batch.rows, frame }, batch)
  } catch (error) {
    return error
  }
  return refusal
}

function work({ fills, operations }: Phase, { start, end, frame }: Portion, { request, answers, rows }: Batch): void {
  for (const { place, source, name } of fills) {
    const tensor = (source.from === 'request' ? request : answers[source.from]!)[source.tensor]
    const own = tensor && end - start < rows ? sliceRows(tensor, start, end) : tensor
    frame[place] = columnOf(source, own, { rows: end - start, name })
  }
  for (const operation of operations) operation.run(frame, end - start)
}

interface Asked extends Around {
  asked: Work
  outcome: Outcome
}

/** One batch on its way through the phases. Promises are for services alone: with one model it waits once, for its turn at the model. */
class StepsRun {
  readonly #plan: StepsPlan
  readonly #asked: Asked
  readonly #batch: Batch
  #phase = 0
  #queueMs = 0
  #runMs = 0

  constructor(plan: StepsPlan, asked: Asked) {
    this.#plan = plan
    this.#asked = asked
    const { inputs, rows } = asked.asked
    this.#batch = newBatch(plan.pipeline, inputs, rows)
    const [first] = this.#batch.portions
    if (asked.frame && first) first.frame = asked.frame
  }

  /** Works up to the next models and services, or to the end. */
  next(): void {
    const { phases, answers } = this.#plan.pipeline
    const kept = this.#plan.kept[this.#phase]!
    const phase = phases[this.#phase++]!
    const { request, rows } = this.#batch
    const feeds = phase.calls.map((call) => this.#plan.feeds[call]!.begin(request, rows))
    workThrough({ phase, feeds, kept }, this.#batch)
    if (phase.calls.length + phase.lookups.length === 0) {
      this.#asked.outcome.done({ outputs: answerOf(answers, this.#batch), queueMs: this.#queueMs, runMs: this.#runMs })
      return
    }
    const inputs = feeds.map((feed) => feed.end())
    this.#ask(phase, inputs)
  }

  /** Asks the models and services of a phase, and goes on when all have answered. */
  #ask({ calls, lookups }: Phase, inputs: readonly Tensors[]): void {
    const { asked, outcome, call } = this.#asked
    const { rows, answers } = this.#batch
    const { deadline, priority, isAbandoned } = asked
    const results: BatchResult[] = []
    let waiting = calls.length + lookups.length
    let over = false
    const failed = (error: unknown) => {
      if (over) return
      over = true
      outcome.failed(error)
    }
    const answered = () => {
      if (--waiting > 0 || over) return
      this.#queueMs += Math.max(0, ...results.map(({ queueMs }) => queueMs))
      this.#runMs += Math.max(0, ...results.map(({ runMs }) => runMs))
      try {
        this.next()
      } catch (error) {
        failed(error)
      }
    }
    try {
      for (const [i, at] of calls.entries()) {
        const done = (result: BatchResult) => {
          answers[at] = result.outputs
          results.push(result)
          answered()
        }
        call(at, { inputs: inputs[i]!, rows, deadline, priority, isAbandoned }, { done, failed })
      }
    } catch (error) {
      // told by the caller; those that were asked before have nothing to tell any more
      over = true
      throw error
    }
    for (const at of lookups) this.#lookUp(at).then(answered, failed)
  }

  async #lookUp(at: number): Promise<void> {
    const { portions, rows } = this.#batch
    const { keys, makes } = this.#plan.pipeline.lookups[at]!
    const lookup = this.#asked.lookups[at]
    if (!lookup) throw new FairleadError('not-supported', 'features cannot be looked up here; only deployments ask services')
    const columns = await lookup.columns(
      keys.map((place) => joinColumns(portions.map(({ frame }) => frame[place]!))),
      rows,
    )
    const [only, ...more] = portions
    if (only && more.length === 0) for (const [i, place] of makes.entries()) only.frame[place] = columns[i]!
    else for (const portion of portions) for (const [i, place] of makes.entries()) portion.frame[place] = cutColumn(columns[i]!, portion)
  }
}

/** The rows of one portion. */
function cutColumn(column: Column, { start, end }: Pick<Portion, 'start' | 'end'>): Column {
  const { data, nulls } = column
  const cut = Array.isArray(data) ? data.slice(start, end) : data.subarray(start, end)
  return { ...column, data: cut, ...(nulls ? { nulls: nulls.subarray(start, end) } : {}) } as Column
}
