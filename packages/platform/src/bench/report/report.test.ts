import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SAMPLE_FACTS, samplePoint, sampleResult } from '../testing/sample-result.ts'
import { renderHtml } from './html.ts'
import { cellsOf, documentOf, sentences } from './text.ts'

test('the sentences say what was found and what was in the way of more', () => {
  const say = (...more: Parameters<typeof sampleResult>) => sentences(sampleResult(...more), SAMPLE_FACTS)
  assert.deepEqual(say(), ['credit-risk answers 8,350 requests/s at p99 ≤ 20 ms.', 'At 8,740 requests/s p99 is 34 ms.'])
  assert.match(sentences(sampleResult(), { ...SAMPLE_FACTS, rowsPerRequest: 16 })[0] ?? '', /\(133,600 rows\/s\)/)
  assert.match(say({ limit: 'generator' })[1] ?? '', /could not send as scheduled/)
  const busy = samplePoint(100, 90, { verdict: 'generator', lateShare: 0.3 })
  const [said, why] = say({ best: null, limit: 'generator', curve: [busy] })
  assert.match(said ?? '', /^Nothing can be said of credit-risk: this machine is too busy/)
  assert.match(why ?? '', /^Even at 100 requests\/s the load generator came too late to 30 % of its own requests\./)
  assert.match(say({ limit: 'interrupted' })[1] ?? '', /interrupted/)
  assert.match(say({ limit: 'max-rate' })[1] ?? '', /--max-rate/)
  const slow = samplePoint(10, 90, { failed: { 503: 3 }, verdict: 'failures' })
  assert.deepEqual(say({ best: null, limit: 'failures', curve: [slow] }), [
    'credit-risk did not meet p99 ≤ 20 ms at any rate that was tried.',
    'At 10 requests/s requests fail (503: 3).',
  ])
  const crowded = samplePoint(500, 12, { waitedShare: 0.5, lateShare: 0.02 })
  const [, , connections, late] = say({ best: crowded, curve: [crowded, samplePoint(600, 50)] })
  assert.match(connections ?? '', /50 % of the requests waited for one of the 64 connections/)
  assert.match(late ?? '', /Up to 2 % .* sent late/)
})

test('cells tell refusals apart, and bounds as bounds', () => {
  const point = samplePoint(100, 40, { failed: { 503: 4, 429: 2, timeout: 1, ECONNRESET: 3 }, givenUp: true })
  const cells = cellsOf(point, null)
  assert.deepEqual(cells.slice(0, 2), ['100', 'too slow'])
  assert.equal(cells[5], '> 40 ms')
  assert.deepEqual(cells.slice(8), ['4', '2', 'timeout: 1, ECONNRESET: 3', '0 %'])
})

test('the document has the figures for programs', () => {
  const document = JSON.parse(JSON.stringify(documentOf(sampleResult(), SAMPLE_FACTS)))
  assert.deepEqual([document.met, document.requestsPerSecond, document.latency.p99, document.objective], [true, 8350, 12.4, { percentile: 'p99', millis: 20 }])
  assert.deepEqual([document.curve.length, document.limit, document.curve[7].failed], [8, 'latency', { 503: 312, timeout: 2 }])
  const none = JSON.parse(JSON.stringify(documentOf(sampleResult({ best: null }), SAMPLE_FACTS)))
  assert.deepEqual([none.met, none.requestsPerSecond, none.latency], [false, null, null])
})

test('the page holds figures, picture and command, and asks nobody for anything', () => {
  const page = renderHtml(sampleResult(), SAMPLE_FACTS)
  assert.match(page, /<strong>8,350<\/strong> <span class="unit">requests\/s/)
  assert.match(page, /<svg [^>]*role="img" aria-labelledby="chart-title chart-about"/)
  assert.match(page, /objective: p99 ≤ 20 ms/)
  assert.equal(page.match(/<circle class="met"/g)?.length, 6)
  assert.equal(page.match(/<g class="missed">/g)?.length, 2)
  assert.equal(page.match(/<tr/g)?.length, 9)
  assert.match(page, /<pre><code>fairlead bench credit-risk --latency p99=20ms<\/code><\/pre>/)
  assert.match(page, /default-src 'none'/)
  assert.doesNotMatch(page, /<script|src=|href=|url\(|NaN|undefined|Infinity/)
  const markup = page.match(/<svg[\s\S]*<\/svg>/)?.[0] ?? ''
  assert.equal(
    markup.match(/<(title|desc|text|circle|g|path)(\s[^>]*)?(?<!\/)>/g)?.length,
    markup.match(/<\/(title|desc|text|circle|g)>/g)?.length,
    'every element is closed',
  )
})

test('nothing measured, one rate, or only what could not be judged is a whole page too', () => {
  const empty = renderHtml(sampleResult({ curve: [], best: null, limit: 'interrupted' }), SAMPLE_FACTS)
  assert.match(empty, /not met/)
  for (const rate of [0.2, 3, 1_000_000]) {
    const only = samplePoint(rate, 0.001, { verdict: 'generator' })
    const page = renderHtml(sampleResult({ curve: [only], best: null, limit: 'generator' }), SAMPLE_FACTS)
    assert.match(page, /class="unjudged"/)
    assert.doesNotMatch(page, /NaN|undefined|Infinity/)
  }
})

test('names and answers of others stay text', () => {
  const evil = '"><script>alert(1)</script>'
  const point = samplePoint(10, 5, { failed: { [evil]: 1 }, verdict: 'failures' })
  const page = renderHtml(sampleResult({ curve: [point], best: null, limit: 'failures', firstWrong: evil }), {
    ...SAMPLE_FACTS,
    name: evil,
    url: evil,
    interface: evil,
    command: evil,
    facts: [[evil, evil]],
  })
  assert.doesNotMatch(page, /<script/)
  assert.ok(page.split('&lt;script&gt;').length > 8)
})
