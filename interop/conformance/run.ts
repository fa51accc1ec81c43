// Installs other people's servers, asks each every case of the conformance suite, and compares them with Fairlead:
// node interop/conformance/run.ts [--update] [--reports DIR] [fairlead] [mlserver] [kserve]
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { CaseResult, Report } from '../../packages/platform/src/conformance/index.ts'
import { SERVERS } from './servers.ts'

const ROOT = join(import.meta.dirname, '../..')
const README = join(ROOT, 'packages/platform/src/conformance/README.md')
const LEVELS = ['required', 'optional', 'deviation'] as const
const MARKS: Record<CaseResult['outcome'], string> = { passed: '✓', failed: '**✗**', deviates: '≠', 'not-offered': '–', skipped: '' }

interface Judged {
  code: number
  report: Report & { counts: Record<string, Record<string, number>> }
}

async function judge(name: string, reports: string | undefined): Promise<Judged> {
  const server = await SERVERS[name]!()
  try {
    const files = reports === undefined ? [] : ['--report', join(reports, `${name}.html`), '--report', join(reports, `${name}.md`)]
    const args = ['conformance', server.http, '--grpc', server.grpc, '--model', 'echo', '--json', ...files]
    const child = spawn(process.execPath, [join(ROOT, 'packages/platform/bin/fairlead.js'), ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    const chunks: Buffer[] = []
    for await (const chunk of child.stdout) chunks.push(chunk as Buffer)
    const code = child.exitCode ?? (await new Promise<number>((resolve) => child.on('exit', (status) => resolve(status ?? -1))))
    return { code, report: JSON.parse(Buffer.concat(chunks).toString()) }
  } finally {
    await server.stop()
  }
}

function row(cells: string[]): string {
  return `| ${cells.join(' | ')} |`
}

function tables(all: Map<string, Judged>): string {
  const names = [...all.values()].map(({ report }) => [report.server.name, report.server.version].filter(Boolean).join(' '))
  const head = (first: string) => [row([first, 'level', ...names]), row(['---', '---', ...names.map(() => '---')])]
  const counts = LEVELS.map((level) =>
    row([
      level,
      ...[...all.values()].map(({ report }) =>
        Object.entries(report.counts[level] ?? {})
          .flatMap(([outcome, count]) => (count > 0 && outcome !== 'skipped' ? [`${count} ${outcome.replace('-', ' ').replace('deviates', 'differ')}`] : []))
          .join(', '),
      ),
    ]),
  )
  const reports = [...all.values()].map(({ report }) => new Map(report.cases.map((one) => [one.id, one])))
  const cases = [...new Set(reports.flatMap((report) => [...report.keys()]))]
  const told = cases.filter((id) => reports.some((report) => ['failed', 'deviates'].includes(report.get(id)?.outcome ?? '')))
  const rows = told.map((id) => {
    const found = reports.map((report) => report.get(id))
    const { title = '', level = '' } = found.find((one) => one !== undefined) ?? {}
    return row([`\`${id}\` ${title.replaceAll('|', '\\|').replaceAll('<', '&lt;')}`, level, ...found.map((one) => (one ? MARKS[one.outcome] : ''))])
  })
  const countHead = [row(['', ...names]), row(['---', ...names.map(() => '---')])]
  return [
    ...countHead,
    ...counts,
    '',
    '✓ passed, **✗** failed, ≠ differs in what is recommended, – not offered, empty: does not apply.',
    '',
    ...head('case'),
    ...rows,
  ].join('\n')
}

function update(text: string): void {
  const page = readFileSync(README, 'utf8')
  const [start, end] = ['<!-- findings -->\n', '<!-- /findings -->']
  const [from, to] = [page.indexOf(start) + start.length, page.indexOf(end)]
  writeFileSync(README, `${page.slice(0, from)}\n${text}\n\n${page.slice(to)}`)
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { update: { type: 'boolean' }, reports: { type: 'string' } } })
const unknown = positionals.find((name) => !Object.hasOwn(SERVERS, name))
if (unknown) throw new Error(`"${unknown}" is none of ${Object.keys(SERVERS).join(', ')}`)
if (values.reports) mkdirSync(values.reports, { recursive: true })
const all = new Map<string, Judged>()
let failed = 0
for (const name of positionals.length > 0 ? positionals : Object.keys(SERVERS)) {
  console.error(`=== ${name}`)
  const judged = await judge(name, values.reports)
  all.set(name, judged)
  // ours must conform; of others it is only known that the suite could judge them
  const good = name === 'fairlead' ? judged.code === 0 : judged.code === 0 || judged.code === 10
  if (!good) failed++
}
const text = tables(all)
console.log(text)
if (values.update) update(text)
console.log(`\n${all.size - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
