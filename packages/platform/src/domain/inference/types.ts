import type { DataType, Explanation, Row, Signature } from '@fairlead/contract'
import type { Execution, GoldenRows, Pipeline, ReadingOptions, ReleaseSettings, RuntimeName, SignatureChange } from '@fairlead/contract/control'

/** Values of a tensor: `bool` as Uint8Array of 0 and 1, `float16` as its bits, text as an array of strings. */
export type TensorData =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | string[]

/** A tensor, row-major. Its first dimension is the rows. */
export interface Tensor {
  type: DataType
  shape: number[]
  data: TensorData
  /** 1 where the value was null, same length as `data`; absent when none was. The model sees NaN, 0 or empty text there. */
  nulls?: Uint8Array
}

/** Tensors by name. All have the same number of rows. */
export type Tensors = Record<string, Tensor>

/** What a runtime loads: the model's bytes (already rewritten where needed) or, with external data, its folder. */
export interface Artifact {
  /** What the bytes are, by which a runtime is found that takes them. */
  format: string
  bytes: Uint8Array
  /** Folder that holds external data files by their relative paths; absent when the model is self-contained. */
  folder?: string
  signature: Signature
  /** Operators whose work depends on the values that they meet, such as loops; a model that has some must not run where others wait. */
  branching?: readonly string[]
  /** Rows against which answers are explained, where the model does not say itself how its training rows went. */
  background?: Background
}

/** Rows that came with a model, as its inputs. */
export interface Background extends NonNullable<Explanation['background']> {
  inputs: Tensors
}

/** Reads artefacts of some formats and runs them. Loading and running may block the calling thread. */
export interface Runtime {
  readonly name: string
  /** Whether it opens artefacts of this format. */
  takes(format: string): boolean
  open(artifact: Artifact): Promise<Session>
  /** Brings into memory what all models share, so that it does not count as a part of the first one. */
  warm?(): Promise<void>
  /** Whether its sessions explain. */
  readonly explains?: boolean
  /** Whether its sessions run models in processes of their own: those neither hold up nor harm who opens them, and need no thread. */
  readonly apart?: boolean
}

/** A loaded model. */
export interface Session extends AsyncDisposable {
  /**
   * Runs the model once; may block the thread for as long as the model takes. With `given` the inputs are nobody else's, and may be
   * handed over for good. Throws FairleadError `model-run-failed`.
   */
  run(inputs: Tensors, given?: boolean): Promise<Tensors>
  /** The same without the detour through a promise, where the session runs on the calling thread anyway. */
  runSync?(inputs: Tensors): Tensors
  /** Explains every row; may block the thread, for much longer than a run. Rejects with `explanation-unavailable` for a model that cannot be explained. */
  explain?(inputs: Tensors): Promise<Explanation[]>
  /** What keeps a model apart that runs in processes of its own, in words. */
  readonly isolation?: string
}

/** Reads a release's files (verified by digest) into what a runtime loads. */
export interface ArtifactSource {
  load(release: ServableRelease): Promise<Artifact>
  /** What a release is explained by: its compiled form, also where another runtime runs it. */
  form?(release: ServableRelease): Promise<Artifact>
  /** Rows with the answers that a release must give; they may be many, so they are read for the check and not kept. */
  golden?(release: ServableRelease): Promise<GoldenRows | undefined>
}

/** A model without the steps around it. */
export interface ModelSide {
  signature: Signature
  example: Row[]
}

/** A frozen release as a serve process needs it. */
export interface ServableRelease {
  deployment: string
  number: number
  digest: string
  model: { name: string; version: number; digest: string; format: string; reading?: ReadingOptions }
  /**
   * The way to run it and why that one; absent in releases that were frozen when there was one way. `formAgrees` when it is not the compiled
   * form that runs, and that form was seen to answer alike: it can explain then what it does not run.
   */
  runtime?: { name: RuntimeName; reason: string; formAgrees?: boolean }
  files: { path: string; digest: string; size: number }[]
  /** Path of the model file among `files`. */
  entry: string
  /** What callers send and get. */
  signature: Signature
  /** What the model itself takes and gives, and rows for it, where there are steps around it; absent where the pipeline is the model alone. */
  own?: ModelSide
  pipeline: Pipeline
  settings: ReleaseSettings
  example: Row[]
  /** What changed for callers against the release that answered when this one was made. */
  signatureChanges?: SignatureChange[]
  /** How it ran when it was last loaded on this platform; absent until it was. */
  execution?: Execution
}

/** Who asks: an API key, the loopback without a key, or the platform itself. */
export interface Caller {
  kind: 'key' | 'loopback' | 'open' | 'platform'
  id: string
  /** The rows that it may ask for; absent where nothing limits them. */
  allowance?: RowAllowance
}

/** Counts rows against what a caller may ask for. */
export interface RowAllowance {
  /** Counts rows before they are predicted. Throws `quota-exhausted`, and then counts none. */
  takeRows(rows: number): void
  /** Gives rows back that were counted and got no answer. */
  giveBackRows(rows: number): void
}

/** A request for predictions in the one form that every transport builds. */
export interface InferenceRequest {
  /** Names the prediction: made here, and never the same twice. */
  id: string
  /** What the caller calls the request, where that has the form of a request id; proxies and retries may use one twice. */
  requestId?: string | undefined
  deployment: string
  release: number | undefined
  rows: number
  inputs: Tensors
  /** Names of the rows, for late labels. */
  ids: string[] | undefined
  key: string | undefined
  /** Whether every row's answer is to be explained. */
  explain?: boolean | undefined
  /** Absolute time in milliseconds after which the answer is worthless. */
  deadline: number
  /** Its level in the queue, 1 the highest; that of its release where it names none. */
  priority?: number | undefined
  /** Whether the caller has gone away, so that what has not begun need not begin. */
  isAbandoned?: () => boolean
  caller: Caller
  traceId: string | undefined
  interface: 'rows' | 'oip' | 'grpc' | 'mlflow'
  /** When the first byte was seen and when parsing ended, in `performance.now()` milliseconds. */
  receivedAt: number
  parsedAt: number
}

/** The answer in tensors, and where the time went (milliseconds). */
export interface InferenceAnswer {
  release: ServableRelease
  /** What the signature calls outputs, each with first dimension = rows. */
  outputs: Tensors
  /** One for each row, where they were asked for. */
  explanations?: Explanation[]
  queueMs: number
  runMs: number
}

/** One typed event per request, for the prediction log and metrics. */
export interface PredictionEvent {
  request: InferenceRequest
  answer: InferenceAnswer
  /** Milliseconds since 1970 at which the request was received. */
  time: number
  totalMs: number
  /** Milliseconds spent on writing the answer's text, where the transport renders before the event. */
  renderMs?: number
  /** Milliseconds that the answer waited for its log entry to be on disk; absent where it does not wait. */
  logMs?: number
}

/** One failed request, for metrics. */
export interface FailureEvent {
  deployment: string
  release: number | undefined
  code: string
  status: number
  totalMs: number
  rows: number
}

/** Takes the events. Must not block: everything slow happens elsewhere. */
export interface PredictionSink {
  /**
   * Takes the entry for the log. Numbers of `LARGE_BYTES` and more it must copy if it keeps them: their memory is given back when the answer is out. With
   * `log.durability: sync` the returned promise settles when it is on disk; else `undefined`.
   */
  log(event: PredictionEvent): Promise<void> | undefined
  /** Counts a request that is being answered: its entry is as safe as it has to be. */
  predicted(event: PredictionEvent): void
  failed(event: FailureEvent): void
}

/** What loading a release found out. */
export interface LoadReport {
  execution: Execution
  checks: { kind: 'example' | 'golden'; rows: number; passed: boolean; largestDifference?: number; detail?: string }[]
}
