import { escapeHtml } from '@fairlead/contract'
import type { BenchResult, CurvePoint } from '../run.ts'
import { chart } from './chart.ts'
import { STYLE } from './style.ts'
import { COLUMNS, cellsOf } from './text.ts'
import { headline, millisText, objectiveText, type ReportFacts, rateText, remarks } from './words.ts'

/** A benchmark as one HTML page without scripts, which asks nobody for anything: figures, picture, table, how it was measured. */
export function renderHtml(result: BenchResult, facts: ReportFacts): string {
  const has = (judged: boolean) => result.curve.some(({ verdict }) => verdict !== 'met' && (verdict === 'generator') !== judged)
  const unlike = `${has(true) ? ' <span class="cross">×</span> not met' : ''}${has(false) ? ' <span class="ring"></span> not measurable here' : ''}`
  const title = `${facts.name}: ${objectiveText(result)}`
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(`Benchmark of ${title}`)}</title>
<style>${STYLE}</style>
<main>
<header>
<p class="kicker">Throughput at a latency objective</p>
<h1>${escapeHtml(facts.name)}</h1>
${verdict(result, facts)}
</header>
<section aria-labelledby="h-curve">
<h2 id="h-curve">Latency by rate</h2>
<div class="scroll chart" role="region" aria-label="Latency by rate, as a picture" tabindex="0">${chart(result)}</div>
<p class="dim legend"><span class="dot"></span> objective met${unlike}. Latency counts from the moment a request was due, on a logarithmic scale.</p>
</section>
<section aria-labelledby="h-table">
<h2 id="h-table">Every rate</h2>
${table(result)}
</section>
<section aria-labelledby="h-how">
<h2 id="h-how">What was measured</h2>
<dl>${[...settings(result, facts), ...facts.facts].map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`).join('\n')}</dl>
<p>${METHOD}</p>
<h3>Measure it again</h3>
<pre><code>${escapeHtml(facts.command)}</code></pre>
</section>
</main>
</html>
`
}

const METHOD =
  'Open loop: requests were due by the clock, whether or not those before were answered, and a request that had to wait counts that wait. ' +
  'So a pause of the server is seen by all requests that were due meanwhile (no coordinated omission). Every answer was compared with the answer ' +
  'to the same request before the load. A rate near the objective was measured up to three times, and the majority counts; its row shows the measurement in the middle. ' +
  'Late is the share of requests that the generator itself came to too late; where it is large, the rate is not judged.'

function verdict(result: BenchResult, facts: ReportFacts): string {
  const { best } = result
  const rows = best && facts.rowsPerRequest > 1 ? `<span class="unit">= ${rateText(best.rate * facts.rowsPerRequest)} rows/s</span>` : ''
  const figure = best
    ? `<p class="figure"><strong>${rateText(best.rate)}</strong> <span class="unit">requests/s</span> ${rows}</p>`
    : `<p class="figure none"><strong>not met</strong></p>`
  const tiles: [string, string][] = best
    ? [
        ['p50', millisText(best.latency.p50)],
        ['p90', millisText(best.latency.p90)],
        ['p99', millisText(best.latency.p99)],
        ['p99.9', millisText(best.latency.p999)],
      ]
    : []
  const there = tiles.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join('')
  return `${figure}
<p class="goal-line">${best ? 'at' : 'at any rate that was tried:'} <strong>${escapeHtml(objectiveText(result))}</strong></p>
${there ? `<dl class="tiles" aria-label="Latencies at this rate">${there}</dl>` : ''}
<p>${[headline(result, facts), ...remarks(result)].map(escapeHtml).join(' ')}</p>`
}

/** How a verdict is shown. */
const KINDS: Record<CurvePoint['verdict'], string> = { met: 'ok', latency: 'bad', failures: 'bad', backlog: 'bad', generator: 'dim' }

function table({ curve, best }: BenchResult): string {
  const head = COLUMNS.map((name) => `<th scope="col">${escapeHtml(name.toLowerCase())}</th>`).join('')
  const rows = curve.map((point) => {
    const [rate = '', ...cells] = cellsOf(point, best)
    const kind = point === best ? ' class="best-row"' : ''
    const inner = cells.map((cell, at) => `<td${at === 0 ? ` class="${KINDS[point.verdict]}"` : ''}>${escapeHtml(cell)}</td>`).join('')
    return `<tr${kind}><th scope="row">${escapeHtml(rate)}</th>${inner}</tr>`
  })
  return `<div class="scroll" role="region" aria-labelledby="h-table" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>
${rows.join('\n')}
</tbody></table></div>`
}

function settings(result: BenchResult, facts: ReportFacts): [string, string][] {
  const { settings: own, closedLoop } = result
  return [
    ['Asked at', facts.url],
    [
      'Interface',
      `${facts.interface}, ${facts.rowsPerRequest} ${facts.rowsPerRequest === 1 ? 'row' : 'rows'} a request, ${facts.requests === 1 ? 'the same request again and again' : `${facts.requests} different requests in turn`}`,
    ],
    [
      'Load',
      `${own.arrivals === 'poisson' ? 'arrivals at random (Poisson)' : 'evenly spaced arrivals'}, ${result.connections} connections, ${own.duration} s a step, seed ${own.seed}`,
    ],
    ['Closed loop', `${rateText(closedLoop.perSecond)} requests/s with all connections always busy, p99 ${millisText(closedLoop.latency.p99)}`],
    ['Measured', `${result.startedAt}, ${Math.round(result.seconds)} s`],
  ]
}
