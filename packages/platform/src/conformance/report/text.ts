import { plain } from '../show.ts'
import type { CaseResult, Exchange, Message } from '../types.ts'
import { countCases, countsInWords, LEVELS, type Report, serverTitle, unmetOf, verdictOf } from './summary.ts'

/** Styles text; the identity where there are no colours. */
export type Paint = (style: 'bold' | 'red' | 'green' | 'yellow' | 'dim', text: string) => string

/** A report for the terminal: counts, what failed with its exchanges, what differs in a line each. */
export function renderText(report: Report, paint: Paint): string {
  const { cases } = report
  const lines = [paint('bold', plain(`${serverTitle(report)} at ${report.url}, model ${report.model.name}`)), '']
  const counts = countCases(cases)
  for (const level of LEVELS) lines.push(`  ${level.padEnd(10)} ${countsInWords(counts[level])}`)
  lines.push('')
  for (const one of cases.filter(({ outcome }) => outcome === 'failed')) lines.push(...failed(one, paint), '')
  const differing = cases.filter(({ outcome }) => outcome === 'deviates')
  for (const one of differing) lines.push(...differs(one, paint))
  if (differing.length > 0) lines.push('')
  const missing = cases.filter(({ outcome }) => outcome === 'not-offered')
  if (missing.length > 0) lines.push(`not offered  ${missing.map(({ id }) => id).join(', ')}`, '')
  const good = counts.required.failed === 0
  lines.push(paint(good ? 'green' : 'red', `${plain(serverTitle(report))} ${verdictOf(report)}`))
  return lines.join('\n')
}

function failed(one: CaseResult, paint: Paint): string[] {
  const head = `${paint('red', 'FAILED')}  ${one.id}  ${paint('dim', `${one.level}, ${one.section}`)}`
  const unmet = unmetOf(one).map((line) => `  - ${plain(line)}`)
  const known = one.reason && !unmet.some((line) => line.includes(one.reason ?? '')) ? [`  (${plain(one.reason)})`] : []
  return [head, `  ${one.title}`, ...unmet, ...known, ...one.exchanges.slice(-1).flatMap((exchange) => shownExchange(exchange, paint))]
}

function differs(one: CaseResult, paint: Paint): string[] {
  const why = one.reason ?? unmetOf(one)[0] ?? ''
  return [`${paint('yellow', 'differs')}  ${one.id}  ${one.title}`, `  ${plain(why.replaceAll('\n', ' '))}`]
}

const MAX_LINE = 400

function shownExchange({ request, answer, failure }: Exchange, paint: Paint): string[] {
  const side = (mark: string, { head, body }: Message) => {
    const text = body.length > MAX_LINE ? `${body.slice(0, MAX_LINE)}…` : body
    return [...head.split('\n'), '', ...(text === '' ? [] : text.split('\n'))].map((line) => paint('dim', `    ${mark} ${line}`.trimEnd()))
  }
  return [...side('>', request), ...(answer ? side('<', answer) : [paint('dim', `    < (no answer: ${plain(failure ?? '')})`)])]
}
