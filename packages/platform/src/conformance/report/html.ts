import { escapeHtml } from '@fairlead/contract'
import type { CaseResult, Exchange, Message } from '../types.ts'
import { countCases, LEVELS, OUTCOMES, type Report, serverTitle, verdictOf } from './summary.ts'

const STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --dim: color-mix(in srgb, currentColor 65%, transparent) }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse } td, th { text-align: left; padding: .25rem .75rem; border-bottom: 1px solid var(--line) } td.n { text-align: right }
details { border-bottom: 1px solid var(--line); padding: .4rem 0 } summary { cursor: pointer } summary code { font-weight: 600 }
.dim { color: var(--dim) } .badge { display: inline-block; min-width: 6.5rem; font-size: .85em; font-weight: 600 }
.failed { color: #c92a2a } .passed { color: #2b8a3e } .deviates { color: #b35900 } .not-offered, .skipped { color: var(--dim) }
@media (prefers-color-scheme: dark) { .failed { color: #ff8787 } .passed { color: #69db7c } .deviates { color: #ffc078 } }
pre { overflow-x: auto; padding: .75rem; border: 1px solid var(--line); border-radius: .4rem; white-space: pre-wrap; overflow-wrap: anywhere }
`

/** A report as one HTML page without scripts: counts and every case with its statements and exchanges. */
export function renderHtml(report: Report): string {
  const { cases, model, server } = report
  const title = `Open Inference Protocol: ${serverTitle(report)}`
  const offered = server.extensions.length > 0 ? server.extensions.join(', ') : 'no extensions'
  const grpc = report.grpc ? ` and, over gRPC, <code>${escapeHtml(report.grpc)}</code>` : ''
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
<h1>${escapeHtml(title)}</h1>
<p><strong>${escapeHtml(`${serverTitle(report)} ${verdictOf(report)}.`)}</strong></p>
<p class="dim">Asked at <code>${escapeHtml(report.url)}</code>${grpc}, model <code>${escapeHtml(model.name)}</code>,
${escapeHtml(report.startedAt)}, ${report.seconds.toFixed(1)} s. The server offers ${escapeHtml(offered)}.</p>
${countTable(report)}
${LEVELS.map((level) => group(level, cases)).join('\n')}
</html>
`
}

function countTable({ cases }: Report): string {
  const counts = countCases(cases)
  const head = OUTCOMES.map((outcome) => `<th>${words(outcome)}</th>`).join('')
  const rows = LEVELS.map((level) => `<tr><th>${level}</th>${OUTCOMES.map((outcome) => `<td class="n">${counts[level][outcome] || ''}</td>`).join('')}</tr>`)
  return `<table><tr><th></th>${head}</tr>${rows.join('')}</table>`
}

const HEADINGS = { required: 'Required', optional: 'Optional extensions', deviation: 'Where servers differ' }

/** What a reader looks for comes first. */
const ORDER: CaseResult['outcome'][] = ['failed', 'deviates', 'passed', 'not-offered', 'skipped']

function group(level: CaseResult['level'], cases: readonly CaseResult[]): string {
  return `<h2>${HEADINGS[level]}</h2>\n${cases
    .filter((one) => one.level === level)
    .sort((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome))
    .map(caseHtml)
    .join('\n')}`
}

function caseHtml(one: CaseResult): string {
  const statements = one.findings.map(({ statement, met, found, soft }) => {
    const more = met ? '' : ` – <strong>${escapeHtml(found ?? 'not so')}</strong>`
    return `<li class="${met ? 'passed' : soft ? 'deviates' : 'failed'}">${met ? '✓' : '✗'} ${escapeHtml(statement)}${soft ? ' (recommended)' : ''}${more}</li>`
  })
  const reason = one.reason ? `<p>${escapeHtml(one.reason)}</p>` : ''
  const summary = `<span class="badge ${one.outcome}">${words(one.outcome)}</span> <code>${escapeHtml(one.id)}</code> ${escapeHtml(one.title)}`
  const open = one.outcome === 'failed' ? ' open' : ''
  return `<details id="${escapeHtml(one.id)}"${open}><summary>${summary}</summary>
<p class="dim">${escapeHtml(one.section)}</p>${reason}<ul>${statements.join('')}</ul>${one.exchanges.map(exchangeHtml).join('')}</details>`
}

function exchangeHtml({ request, answer, failure, ms }: Exchange): string {
  const side = ({ head, body }: Message) => `<pre>${escapeHtml(body === '' ? head : `${head}\n\n${body}`)}</pre>`
  return `${side(request)}${answer ? side(answer) : `<p class="failed">no answer: ${escapeHtml(failure ?? '')}</p>`}<p class="dim">${ms.toFixed(1)} ms</p>`
}

function words(outcome: string): string {
  return outcome.replace('-', ' ')
}
