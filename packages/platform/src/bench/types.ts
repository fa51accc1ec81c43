/** Where and how requests are sent. */
export interface Target {
  /** `http://` or `https://` with host and port; a path is put before those of the requests. */
  url: string
  /** Sent with every request, a key among them; never shown. */
  headers: Record<string, string>
  connections: number
  /** Milliseconds after which a request that was sent and not answered is given up. */
  timeoutMs: number
  /** `grpc`: requests are messages, and connections are calls at a time on a few connections of HTTP/2. HTTP/1.1 when not given. */
  protocol?: 'grpc'
}

/** One request that is sent again and again, and what its answer must hold. */
export interface BenchRequest {
  path: string
  headers: Record<string, string>
  body: Uint8Array
  /** The member of the answer that holds the predictions, an array; it is the last, so that all from it on is the same every time. */
  member: 'predictions' | 'outputs'
  /** Entries of that member; not known beforehand where absent. */
  entries?: number
}

/** Carries a request at a time, again and again; opens itself when it has to send. */
export interface Line {
  /** Connects, if it is not connected. Rejects with what the network says. */
  open(): Promise<void>
  /** Sends a request, as `wireOf` made it; its end is told to the taker. */
  send(bytes: Buffer): void
  /** Gives up what is under way; a request in hand is told as broken for this reason. */
  drop(reason: string): void
}

/** What becomes of the request that a line has sent. Exactly one of them is called for each. */
export interface Taker {
  answered(line: Line, status: number, body: Buffer): void
  /** No answer came; the line makes itself anew. */
  broken(line: Line, reason: string): void
}

/** How requests are spread over time: evenly, or at random as independent callers come. */
export type Arrivals = 'poisson' | 'constant'

/** One step of load. */
export interface Step {
  /** Requests a second, whatever the server does; `null`: each connection asks again as soon as it has its answer. */
  rate: number | null
  /** Seconds that count, after `leadSeconds` that do not. */
  seconds: number
  leadSeconds: number
  arrivals: Arrivals
  seed: number
  /** Gives the step up when a request has waited this long for a connection: the rate is hopeless. */
  giveUpMs: number
  /** A request that the generator itself sends later than this counts as late. */
  lateMs: number
}

/** A request without a good answer. */
export interface Failure {
  /** Milliseconds into the step, of its scheduled time. */
  atMs: number
  /** Milliseconds from its scheduled time to its failure. */
  afterMs: number
  /** A status, `timeout`, `wrong`, or what the connection said. */
  kind: string
}

/** What a step measured. Histograms hold microseconds from the scheduled time of a request, not from when it could be sent. */
export interface StepResult {
  /** Seconds that counted; fewer than asked for when the step was given up or cancelled. */
  seconds: number
  /** Requests whose scheduled time counts. */
  scheduled: number
  /** Right answers to them that came within those seconds (in closed loop: all that came then); those that came later are in the histogram. */
  inTime: number
  /** Right answers, and requests that were given up with what they had waited until then. */
  latency: number[]
  /** Answers 429 and 503. */
  refused: number[]
  /** How much later than scheduled the generator came to each request. */
  lag: number[]
  /** Requests that it came to later than `lateMs`. */
  late: number
  /** Requests that found no free connection. */
  waited: number
  /** Failures by kind. */
  failed: Record<string, number>
  /** The first thousand of them. */
  failures: Failure[]
  /** What was wrong with the first wrong answer. */
  firstWrong?: string
  /** The step was given up: the latencies are lower bounds. */
  givenUp: boolean
  cancelled: boolean
}

/** Sends load. Steps follow each other; what a step left behind is over before the next. */
export interface Generator {
  /** Asks each request twice and keeps the answers to compare with. Throws what is wrong with them. */
  learn(): Promise<void>
  /** Runs a step; `tell` hears the share of it that is over. */
  run(step: Step, tell?: (share: number) => void): Promise<StepResult>
  /** Ends the step that runs early. */
  cancel(): void
  close(): Promise<void>
}
