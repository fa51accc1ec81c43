import type { Subject } from './subject.ts'

/**
 * What a case weighs. `required`: the protocol's text says so, and a server that fails it does not conform. `optional`: an
 * extension, judged where it is offered. `deviation`: the text is silent, or well-known servers differ from it; the report
 * says what this server does.
 */
export type Level = 'required' | 'optional' | 'deviation'

/** How a case ended. Only a `required` case that `failed` keeps a server from conforming. */
export type Outcome = 'passed' | 'failed' | 'deviates' | 'not-offered' | 'skipped'

/** What a check may look at beside the answer. */
export interface About<Request, Answer> {
  subject: Subject
  request: Request
  /** Answers to the steps before this one. */
  before: readonly Answer[]
}

/** A statement about an answer that can be checked. A soft one, when it does not hold, is a deviation and no failure. */
export interface Expectation<Request, Answer> {
  statement: string
  soft?: true
  check: (answer: Answer, about: About<Request, Answer>) => void
}

/** A request of a case and what is expected of its answer. */
export interface Step<Request, Answer> {
  request: (subject: Subject, before: readonly Answer[]) => Request
  expect: Expectation<Request, Answer>[]
}

/** A way in which servers are known to differ. */
export interface KnownDeviation<Answer> {
  /** Servers that do so, and what they do: `MLServer answers 422`. */
  text: string
  when: (answers: readonly Answer[]) => boolean
}

/** One case of the suite: data, judged by the runner. */
export interface Case<Request, Answer> {
  /** `group/name`, unique. */
  id: string
  title: string
  level: Level
  /** Where the protocol says so. */
  section: string
  /** Names under which a server's metadata offer the extension that this case is about. */
  extension?: readonly string[]
  /** Why the case cannot be asked of this model or in this run; `undefined` when it can. */
  unless?: (subject: Subject) => string | undefined
  steps: Step<Request, Answer>[]
  /** What else than a refusal of the first request says that a server lacks an extension that it does not advertise. */
  lacks?: (answers: readonly Answer[]) => boolean
  known?: KnownDeviation<Answer>[]
}

/** Half of an exchange as text for people. */
export interface Message {
  head: string
  body: string
  /** Bytes of the body as sent. */
  bytes: number
}

/** A request and what came of it, as sent. */
export interface Exchange {
  request: Message
  answer?: Message
  /** Why there is no answer. */
  failure?: string
  ms: number
}

/** A statement after it was checked. */
export interface Finding {
  statement: string
  soft: boolean
  met: boolean
  /** What was found instead, where it is not met. */
  found?: string
}

/** What a case came to. */
export interface CaseResult {
  id: string
  title: string
  level: Level
  section: string
  outcome: Outcome
  /** Why it was skipped, or which known behaviour a deviation is. */
  reason?: string
  findings: Finding[]
  exchanges: Exchange[]
}

/** Sends requests of one transport. `answer` is missing when none came, and the exchange says why. */
export interface Transport<Request, Answer> {
  send: (request: Request) => Promise<{ exchange: Exchange; answer?: Answer }>
  /** Whether an answer is an error. */
  refused: (answer: Answer) => boolean
}
