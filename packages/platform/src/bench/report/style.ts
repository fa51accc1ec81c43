/** The look of the report: light and dark by the reader's choice, on paper without colours that need a screen. */
export const STYLE = `
:root { color-scheme: light dark; --bg: #fbfbfa; --card: #fff; --ink: #1b1f24; --dim: #5b6470; --line: #e2e5e9; --accent: #0b62b8; --goal: #b3261e; --ok: #1f7a3a;
  --p50: #8db4dc; --p90: #4f8cc9; --p99: #1d66ad; --p999: #0c3f73 }
@media (prefers-color-scheme: dark) { :root { --bg: #14171b; --card: #1b1f25; --ink: #e8eaed; --dim: #a3acb8; --line: #313843; --accent: #7db8f5; --goal: #ff8a80; --ok: #7bd694;
  --p50: #46678a; --p90: #6091c4; --p99: #86bbf0; --p999: #c7e0fb } }
* { box-sizing: border-box }
body { margin: 0; background: var(--bg); color: var(--ink); font: 16px/1.55 system-ui, sans-serif }
main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem }
section, header { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.5rem 1.75rem; margin: 0 0 1.25rem }
h1 { font-size: 1.35rem; margin: 0; overflow-wrap: anywhere } h2 { font-size: 1.05rem; margin: 0 0 .75rem } h3 { font-size: .95rem; margin: 1.5rem 0 .5rem }
p { margin: .75rem 0; max-width: 46rem }
.kicker { margin: 0; color: var(--dim); font-size: .85rem }
.figure { margin: 1.25rem 0 0; line-height: 1.1 } .figure strong { font-size: clamp(2.6rem, 9vw, 4rem); font-weight: 650; letter-spacing: -.03em; font-variant-numeric: tabular-nums }
.figure.none strong { color: var(--goal) } .unit { color: var(--dim); font-size: 1.15rem }
.goal-line { margin: .35rem 0 1.25rem; font-size: 1.1rem }
.tiles { display: flex; flex-wrap: wrap; gap: .5rem 2.25rem; margin: 0 0 1rem; padding: .9rem 0; border-block: 1px solid var(--line) }
.tiles dt { color: var(--dim); font-size: .8rem } .tiles dd { margin: 0; font-size: 1.15rem; font-weight: 600; font-variant-numeric: tabular-nums }
.dim, .legend { color: var(--dim); font-size: .875rem } .dot { display: inline-block; width: .6rem; height: .6rem; border-radius: 50%; background: var(--accent) } .ring { display: inline-block; width: .6rem; height: .6rem; border-radius: 50%; border: 2px solid var(--dim); margin-left: 1rem } .cross { color: var(--goal); font-weight: 700; margin-left: 1rem } .legend { max-width: none }
.scroll { overflow-x: auto } .scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 4px; border-radius: .25rem }
svg { display: block; width: 100%; min-width: 34rem; height: auto; font: 13px system-ui, sans-serif }
svg .grid { stroke: var(--line); stroke-width: 1 } svg .axis, svg .tickmark { stroke: var(--dim); stroke-width: 1 } svg .tick { fill: var(--dim) }
svg .line { fill: none; stroke-width: 1.75; stroke-linejoin: round } svg .line.objective { stroke-width: 3 }
svg .p50 { stroke: var(--p50) } svg .p90 { stroke: var(--p90) } svg .p99 { stroke: var(--p99) } svg .p999 { stroke: var(--p999) }
svg .name { stroke: none; fill: var(--ink) } svg .name.objective { font-weight: 700 }
svg .goal { stroke: var(--goal); stroke-width: 1.5; stroke-dasharray: 6 5 } svg .goal-text { fill: var(--goal); font-weight: 600 }
svg .best { stroke: var(--accent); stroke-width: 1.5 } svg .best-text { fill: var(--accent); font-weight: 700; font-size: 14px }
svg .met { fill: var(--accent); stroke: var(--card); stroke-width: 1.5 } svg .unjudged { fill: var(--card); stroke: var(--dim); stroke-width: 2 } svg .missed path { stroke: var(--goal); stroke-width: 2.25; fill: none }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; white-space: nowrap }
th, td { padding: .45rem .55rem; text-align: right; border-bottom: 1px solid var(--line); font-weight: 400 } thead th { color: var(--dim); font-size: .8rem; vertical-align: bottom }
tbody th { font-weight: 600 } th:first-child { padding-left: .5rem } td:nth-child(2), th:nth-child(2) { text-align: left }
.ok { color: var(--ok) } .bad { color: var(--goal) } .best-row { background: color-mix(in srgb, var(--accent) 11%, transparent) } .best-row td { font-weight: 600 }
section > dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); gap: .75rem 2rem; margin: 0 }
section > dl dt { color: var(--dim); font-size: .8rem } section > dl dd { margin: 0; overflow-wrap: anywhere }
pre { margin: 0; padding: .9rem 1rem; border: 1px solid var(--line); border-radius: .5rem; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .875rem }
@media (max-width: 40rem) { main { padding: 1rem .75rem 2rem } section, header { padding: 1.1rem 1rem } .chart { direction: rtl } .chart svg { direction: ltr } }
@media print { :root { color-scheme: light } body { background: none; font-size: 11pt } main { max-width: none; padding: 0 } section, header { border: none; padding: 0 0 .75rem; break-inside: avoid } .scroll { overflow: visible } svg { min-width: 0 } table { font-size: 8pt } th, td { padding: .2rem .35rem } }
`
