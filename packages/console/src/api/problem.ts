import { ERRORS, type ProblemItem } from '@fairlead/contract'

/** What a reader needs to know about a failed call. */
export interface Trouble {
  /** What happened. */
  title: string
  /** What it means here. */
  detail: string
  /** What to do. */
  remedy: string
  code: string
  status: number | undefined
  requestId: string | undefined
  items: ProblemItem[]
}

const fields = (value: unknown): Record<string, unknown> => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {})
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/** Status of the answer that an error stands for; `undefined` when there was no answer. */
export function statusOf(error: unknown): number | undefined {
  const own = fields(error)
  const status = own.status ?? fields(own.problem).status
  return typeof status === 'number' && status > 0 ? status : undefined
}

/** Turns whatever was thrown into words: problem documents keep theirs, a lost connection and a bug in the page get their own. */
export function describeError(error: unknown): Trouble {
  const own = fields(error)
  const problem = { ...own, ...fields(own.problem) }
  const code = text(problem.code)
  const status = statusOf(error)
  const message = error instanceof Error ? error.message : String(error)
  if (code !== undefined && code !== 'unreachable' && (status !== undefined || code in ERRORS)) {
    const row = ERRORS[code as keyof typeof ERRORS] as { title: string; remedy: string } | undefined
    return {
      title: row?.title ?? text(problem.title) ?? 'The platform refused this',
      detail: text(problem.detail) ?? message,
      remedy: row?.remedy ?? 'Try again; if it stays, look at the log of the platform.',
      code,
      status,
      requestId: text(problem.requestId),
      items: Array.isArray(problem.errors) ? (problem.errors as ProblemItem[]) : [],
    }
  }
  const lost = code === 'unreachable' || error instanceof TypeError || /fetch|network/i.test(message)
  return {
    title: lost ? 'The platform does not answer' : 'This page could not be shown',
    detail: lost ? 'The browser got no answer from the control port.' : message,
    remedy: lost
      ? 'Check that it runs: `npx fairlead status`. This page goes on by itself when it is back.'
      : 'Reload the page; if it stays, report it with the code.',
    code: lost ? 'unreachable' : 'console-error',
    status,
    requestId: undefined,
    items: [],
  }
}

/** The trouble as a text to paste into a report. */
export function troubleReport(trouble: Trouble, page: string): string {
  const lines = [trouble.title, trouble.detail, `code: ${trouble.code}`]
  if (trouble.status !== undefined) lines.push(`status: ${trouble.status}`)
  if (trouble.requestId !== undefined) lines.push(`request id: ${trouble.requestId}`)
  for (const item of trouble.items) lines.push(`${item.path}: ${item.detail} (${item.code})`)
  return [...lines, `page: ${page}`].join('\n')
}
