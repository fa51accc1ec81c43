import type { CaseResult, Exchange } from '../types.ts'
import { countCases, LEVELS, OUTCOMES, type Report, serverTitle, unmetOf, verdictOf } from './summary.ts'

/** A report as Markdown: counts, every case in a table, and the exchanges of those that did not pass. */
export function renderMarkdown(report: Report): string {
  const { cases, model, server } = report
  const counts = countCases(cases)
  const shown = cases.filter(({ outcome }) => outcome === 'failed' || outcome === 'deviates')
  const parts = [
    `# Open Inference Protocol: ${cell(serverTitle(report))}`,
    `**${cell(serverTitle(report))} ${verdictOf(report)}.**`,
    `Asked at ${code(report.url)}${report.grpc ? ` and, over gRPC, ${code(report.grpc)}` : ''}, model ${code(model.name)}, ${report.startedAt}, ${report.seconds.toFixed(1)} s. The server offers ${server.extensions.length > 0 ? server.extensions.map(code).join(', ') : 'no extensions'}.`,
    table(
      ['', ...OUTCOMES.map((outcome) => outcome.replace('-', ' '))],
      LEVELS.map((level) => [level, ...OUTCOMES.map((outcome) => String(counts[level][outcome] || ''))]),
    ),
    '## Cases',
    table(
      ['case', 'level', 'outcome', ''],
      cases.map((one) => [code(one.id), one.level, one.outcome.replace('-', ' '), cell(noteOf(one))]),
    ),
  ]
  if (shown.length > 0) parts.push('## Exchanges', ...shown.map(section))
  return `${parts.join('\n\n')}\n`
}

function noteOf(one: CaseResult): string {
  if (one.outcome === 'passed' || one.outcome === 'not-offered') return one.title
  return one.reason ?? unmetOf(one).join('; ')
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function cell(text: string): string {
  return text.replaceAll('\n', ' ').replace(/[\\`*_[\]<>|#]/g, (character) => `\\${character}`)
}

function code(text: string): string {
  return `\`${text.replace(/[`|\n]/g, ' ')}\``
}

function section(one: CaseResult): string {
  const unmet = unmetOf(one).map((line) => `- ${cell(line)}`)
  return [`### ${one.id}`, `${one.title} (${one.level}, ${one.outcome}).`, unmet.join('\n'), ...one.exchanges.map(fenced)].join('\n\n')
}

/** A fence longer than any run of backticks inside. */
function fenced({ request, answer, failure }: Exchange): string {
  const text = [request.head, '', request.body, '', ...(answer ? [answer.head, '', answer.body] : [`(no answer: ${failure})`])].join('\n').trimEnd()
  const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)))
  return `${fence}http\n${text}\n${fence}`
}
