import { createHash } from 'node:crypto'

const STYLE = `
:root{color-scheme:light dark;--ink:#16202a;--soft:#4a5a68;--line:#c9d3db;--back:#fff;--panel:#f4f7f9;--mark:#0b6e8f;--on-mark:#fff;--bad:#a3201d}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf2;--soft:#a3b3c0;--line:#3a4853;--back:#10171d;--panel:#18222a;--mark:#5ec2e2;--on-mark:#08202a;--bad:#ff9d96}}
*{box-sizing:border-box}body{margin:0 auto;max-width:64rem;padding:1.5rem 1rem 4rem;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back)}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}p{margin:.25rem 0;color:var(--soft)}a{color:var(--mark)}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:.5rem}table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem;border-bottom:1px solid var(--line)}tbody tr:last-child>*{border-bottom:0}thead th{background:var(--panel)}
code,pre,textarea,input{font:.875rem/1.5 ui-monospace,monospace}textarea,input,pre{width:100%;color:inherit;background:var(--panel);border:1px solid var(--line);border-radius:.5rem;padding:.75rem}
textarea{min-height:16rem;resize:vertical}pre{margin:0;overflow:auto;white-space:pre-wrap;min-height:3rem}label{display:block;font-weight:600;margin:.75rem 0 .25rem}
button{font:inherit;font-weight:600;margin:.75rem 0;padding:.5rem 1.25rem;border:0;border-radius:.5rem;background:var(--mark);color:var(--on-mark);cursor:pointer}
:focus-visible{outline:3px solid var(--mark);outline-offset:2px}.bad{color:var(--bad)}`

const SCRIPT = `
'use strict'
const $ = (id) => document.getElementById(id)
const key = () => ($('key').value ? { authorization: 'Bearer ' + $('key').value } : {})
let path = ''
function cell(row, text, tag) { const c = document.createElement(tag || 'td'); if (tag === 'th') c.scope = 'row'; c.textContent = text; row.append(c) }
function plain(s) { return s.anyOf ? plain(s.anyOf.find((p) => p.type !== 'null')) : s }
function typeOf(s) { const o = plain(s); return o.format || o.type || 'value' }
function limits(s) {
  const o = { ...plain(s), ...s }
  if (o.enum) return 'one of ' + o.enum.map((v) => JSON.stringify(v)).join(', ')
  const parts = []
  if (o.minimum !== undefined) parts.push('from ' + o.minimum)
  if (o.maximum !== undefined) parts.push('to ' + o.maximum)
  return parts.join(' ')
}
function show(doc) {
  path = Object.keys(doc.paths)[0]
  $('title').textContent = doc.info.title
  document.title = doc.info.title
  $('about').textContent = doc.info.description
  $('path').textContent = 'POST ' + path
  const row = doc.components.schemas.Row
  $('columns').replaceChildren(...Object.entries(row.properties).map(([name, s]) => {
    const tr = document.createElement('tr')
    cell(tr, name, 'th'); cell(tr, typeOf(s)); cell(tr, row.required.includes(name) ? 'yes' : 'no'); cell(tr, limits(s)); cell(tr, s.description || '')
    return tr
  }))
  $('body').value = JSON.stringify(doc.paths[path].post.requestBody.content['application/json'].example, null, 2)
}
async function load() {
  try {
    const answer = await fetch('openapi.json', { headers: key() })
    const doc = await answer.json()
    if (!answer.ok) throw new Error(doc.detail || answer.statusText)
    show(doc)
    $('state').textContent = ''
  } catch (error) {
    $('state').textContent = error.message + ' Enter an API key below if one is needed, and try again.'
  }
}
$('form').addEventListener('submit', async (event) => {
  event.preventDefault()
  if (!path) return load()
  $('answer').textContent = 'Asking …'
  const start = performance.now()
  try {
    const answer = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json', ...key() }, body: $('body').value })
    const text = await answer.text()
    let shown = text
    try { shown = JSON.stringify(JSON.parse(text), null, 2) } catch {}
    $('answer').className = answer.ok ? '' : 'bad'
    $('answer').textContent = shown
    $('took').textContent = 'Status ' + answer.status + ', ' + Math.round(performance.now() - start) + ' ms'
  } catch (error) {
    $('answer').className = 'bad'
    $('answer').textContent = 'The server did not answer: ' + error.message
  }
})
load()`

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** Content-Security-Policy of the page: only its own script and style, only this server. */
export const DOCS_POLICY = `default-src 'none'; script-src ${hash(SCRIPT)}; style-src ${hash(STYLE)}; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** The page that shows a deployment's columns and tries it. It reads everything from `openapi.json` beside it. */
export const DOCS_PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Predictions</title><link rel="icon" href="data:,"><style>${STYLE}</style></head>
<body>
<header><h1 id="title">Predictions</h1><p id="about"></p><p><code id="path"></code> · <a href="openapi.json">OpenAPI document</a></p></header>
<main>
<p id="state" class="bad" role="status"></p>
<h2 id="columns-title">Columns of a row</h2>
<div class="scroll" role="region" aria-labelledby="columns-title" tabindex="0">
<table><thead><tr><th scope="col">Column</th><th scope="col">Type</th><th scope="col">Required</th><th scope="col">Values</th><th scope="col">Meaning</th></tr></thead><tbody id="columns"></tbody></table>
</div>
<h2>Try it</h2>
<form id="form">
<label for="body">Request</label><textarea id="body" spellcheck="false"></textarea>
<label for="key">API key (not needed on this machine unless the deployment asks for one)</label><input id="key" type="password" autocomplete="off">
<button>Predict</button>
</form>
<h2>Answer</h2><p id="took" role="status"></p><pre id="answer" tabindex="0" aria-live="polite" aria-label="Answer"></pre>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`
