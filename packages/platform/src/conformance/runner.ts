import { offers, type Subject } from './subject.ts'
import type { Case, CaseResult, Exchange, Finding, Transport } from './types.ts'
import { Unmet } from './unmet.ts'

/** Answers of a case that did not come leave the rest of its steps unasked. */
interface Ran<Answer> {
  answers: Answer[]
  exchanges: Exchange[]
  findings: Finding[]
  /** Why an answer did not come. */
  silent: string | undefined
}

/** Asks a server one case and judges it. Never rejects for anything that a server does. */
export async function runCase<Request, Answer>(one: Case<Request, Answer>, subject: Subject, transport: Transport<Request, Answer>): Promise<CaseResult> {
  const { id, title, level, section } = one
  const reason = one.unless?.(subject)
  if (reason !== undefined) return { id, title, level, section, outcome: 'skipped', reason, findings: [], exchanges: [] }
  const ran = await runSteps(one, subject, transport)
  return { id, title, level, section, ...verdict(one, subject, { ...ran, refused: transport.refused }), findings: ran.findings, exchanges: ran.exchanges }
}

async function runSteps<Request, Answer>(one: Case<Request, Answer>, subject: Subject, transport: Transport<Request, Answer>): Promise<Ran<Answer>> {
  const ran: Ran<Answer> = { answers: [], exchanges: [], findings: [], silent: undefined }
  for (const step of one.steps) {
    const request = step.request(subject, ran.answers)
    const { exchange, answer } = await transport.send(request)
    ran.exchanges.push(exchange)
    if (answer === undefined) {
      ran.silent = exchange.failure ?? 'no answer'
      ran.findings.push({ statement: 'the server answers', soft: false, met: false, found: ran.silent })
      return ran
    }
    const about = { subject, request, before: [...ran.answers] }
    for (const { statement, soft = false, check } of step.expect) ran.findings.push(judge({ statement, soft }, () => check(answer, about)))
    ran.answers.push(answer)
    // what follows builds on this step
    if (ran.findings.some(({ met, soft }) => !met && !soft)) return ran
  }
  return ran
}

function judge({ statement, soft }: Pick<Finding, 'statement' | 'soft'>, check: () => void): Finding {
  try {
    check()
    return { statement, soft, met: true }
  } catch (error) {
    if (error instanceof Unmet) return { statement, soft, met: false, found: error.message }
    throw error
  }
}

function verdict<Request, Answer>(
  one: Case<Request, Answer>,
  subject: Subject,
  ran: Ran<Answer> & { refused: (answer: Answer) => boolean },
): Pick<CaseResult, 'outcome' | 'reason'> {
  const { answers, findings, silent } = ran
  if (silent !== undefined) return { outcome: 'failed', reason: silent }
  const unmet = findings.filter(({ met }) => !met)
  if (unmet.length === 0) return { outcome: 'passed' }
  if (isLacking(one, subject, ran)) return { outcome: 'not-offered' }
  const known = one.known?.find(({ when }) => when(answers))
  const outcome = one.level === 'deviation' || unmet.every(({ soft }) => soft) ? 'deviates' : 'failed'
  return { outcome, ...(known ? { reason: known.text } : {}) }
}

/** Whether a server does not have the extension that a case is about: it does not say so, and refused the first request. */
function isLacking<Request, Answer>(
  { level, extension, lacks }: Case<Request, Answer>,
  subject: Subject,
  { answers, refused }: { answers: readonly Answer[]; refused: (answer: Answer) => boolean },
): boolean {
  if (level === 'required' || (level === 'deviation' && !extension) || (extension && offers(subject, extension))) return false
  const [first] = answers
  return (answers.length === 1 && first !== undefined && refused(first)) || (lacks?.(answers) ?? false)
}
