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

  /** The tensors of the model for what a caller sent. Throws as `Feed.tensors`, and as steps do. */
  modelInputs(inputs: Tensors, rows: number): Tensors {
    const feed = this.feeds[0]!.begin(inputs, rows)
    workThrough({ phase: this.pipeline.phases[0]!, feeds: [feed], kept: new Set() }, newBatch(this.pipeline, inputs, rows))
    return feed.end()
  }

  /** Runs everything, and tells `outcome` once. `frame` takes the columns of few rows, for who wants to see them. Models that need nothing of each other run side by side. Throws as `modelInputs` and `call`. */
  start(asked: Work, outcome: Outcome, call: CallModel, frame?: WorkingFrame): void {
    new StepsRun(this, { asked, outcome, call, frame }).next()
  }
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

interface Asked {
  asked: Work
  outcome: Outcome
  call: CallModel
  frame: WorkingFrame | undefined
}

/** One batch on its way through the phases. Without promises: with one model it waits once, for its turn at the model. */
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

  /** Works up to the next models, or to the end. */
  next(): void {
    const { phases, answers } = this.#plan.pipeline
    const kept = this.#plan.kept[this.#phase]!
    const phase = phases[this.#phase++]!
    const { request, rows } = this.#batch
    const feeds = phase.calls.map((call) => this.#plan.feeds[call]!.begin(request, rows))
    workThrough({ phase, feeds, kept }, this.#batch)
    if (phase.calls.length > 0)
      this.#call(
        phase.calls,
        feeds.map((feed) => feed.end()),
      )
    else this.#asked.outcome.done({ outputs: answerOf(answers, this.#batch), queueMs: this.#queueMs, runMs: this.#runMs })
  }

  #call(calls: readonly number[], inputs: readonly Tensors[]): void {
    const { asked, outcome, call } = this.#asked
    const { rows, answers } = this.#batch
    const results: BatchResult[] = []
    let over = false
    const failed = (error: unknown) => {
      if (over) return
      over = true
      outcome.failed(error)
    }
    for (const [i, at] of calls.entries()) {
      const done = (result: BatchResult) => {
        answers[at] = result.outputs
        if (over || results.push(result) < calls.length) return
        this.#queueMs += Math.max(...results.map(({ queueMs }) => queueMs))
        this.#runMs += Math.max(...results.map(({ runMs }) => runMs))
        try {
          this.next()
        } catch (error) {
          failed(error)
        }
      }
      call(at, { inputs: inputs[i]!, rows, deadline: asked.deadline, priority: asked.priority, isAbandoned: asked.isAbandoned }, { done, failed })
    }
  }
}
