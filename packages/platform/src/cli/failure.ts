import { RequestError } from '@fairlead/client'
import { ERRORS, type ErrorCode, FairleadError, type Problem, toProblem } from '@fairlead/contract'
import { CommanderError } from 'commander'
import { printable } from './format.ts'
import type { Output } from './output.ts'
import { refusalLines } from './refused-rows.ts'

/** What a command's end says to the caller. */
export const EXIT = { done: 0, failed: 1, usage: 2, unreachable: 3, notAllowed: 4, differences: 10 } as const

/** The problem document of anything thrown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof RequestError) return error.problem
  if (error instanceof FairleadError) return toProblem(error)
  if (error instanceof CommanderError) return toProblem(new FairleadError('usage', error.message.replace(/^error: /, '').trim()))
  return toProblem(new FairleadError('internal', error instanceof Error ? error.message : String(error)))
}

/** The exit code of a problem. */
export function exitCodeOf(problem: Pick<Problem, 'code' | 'status'>): number {
  if (problem.code === 'usage') return EXIT.usage
  if (problem.code === 'unreachable' || problem.code === 'tracking-unreachable') return EXIT.unreachable
  if (problem.status === 401 || problem.status === 403) return EXIT.notAllowed
  return EXIT.failed
}

/** Keeps line breaks: some details point at a place in the line above. */
function lines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

/**
 * Tells a failure: one line, the offending places, and the remedy; with `--json` the problem document on stdout too.
 * Never a stack, unless `FAIRLEAD_DEBUG` asks for it. Answers the exit code.
 */
export function reportFailure(error: unknown, output: Output, debug: boolean): number {
  const problem = problemOf(error)
  if (output.json) output.document(problem)
  const [detail, ...places] = refusalLines(problem, error)
  output.error(`${output.tint('red', 'error')}: ${lines(detail)}`)
  for (const place of places) output.error(printable(`  ${place}`))
  const remedy = remedyOf(problem, error)
  if (remedy !== undefined) output.error(output.tint('dim', remedy))
  if (debug && error instanceof Error && error.stack) output.error(error.stack)
  return exitCodeOf(problem)
}

/** A remedy whose advice the detail has given already is not said again. */
function unsaid(remedy: string | undefined, detail: string): string | undefined {
  const advice = remedy?.split(', or ').at(-1)?.toLowerCase()
  return advice !== undefined && detail.toLowerCase().includes(advice) ? undefined : remedy
}

function remedyOf(problem: Problem, error: unknown): string | undefined {
  if (problem.code === 'internal' && !(error instanceof RequestError)) {
    return 'This is a fault of Fairlead: please report it with the output of the same command under FAIRLEAD_DEBUG=1.'
  }
  // what was found in a file here is no request to compare with a document of the platform
  if (problem.code === 'request-invalid' && !(error instanceof RequestError)) return undefined
  const remedy = unsaid(ERRORS[problem.code as ErrorCode]?.remedy, problem.detail)
  return problem.requestId === undefined ? remedy : `${remedy ?? ''} Request id: ${problem.requestId}.`.trim()
}
