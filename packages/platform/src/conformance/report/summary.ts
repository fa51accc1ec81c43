import type { CaseResult, Level, Outcome } from '../types.ts'

/** Levels in the order in which reports show them. */
export const LEVELS: readonly Level[] = ['required', 'optional', 'deviation']
/** Outcomes in the order in which reports show them. */
export const OUTCOMES: readonly Outcome[] = ['passed', 'failed', 'deviates', 'not-offered', 'skipped']

/** What a run found. */
export interface Report {
  /** Address as given, without user and password. */
  url: string
  grpc: string | undefined
  server: { name: string; version: string; extensions: string[] }
  model: { name: string; version: string | undefined; echoes: string[] }
  startedAt: string
  seconds: number
  cases: CaseResult[]
}

/** How many cases of a level ended how. */
export type Counts = Record<Level, Record<Outcome, number>>

/** Counts the cases by level and outcome. */
export function countCases(cases: readonly CaseResult[]): Counts {
  const row = () => Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>
  const counts: Counts = { required: row(), optional: row(), deviation: row() }
  for (const { level, outcome } of cases) counts[level][outcome]++
  return counts
}

/** Whether no required case failed. */
export function conforms(cases: readonly CaseResult[]): boolean {
  return !cases.some(({ level, outcome }) => level === 'required' && outcome === 'failed')
}

/** The counts of a level in words, without those that are zero. */
export function countsInWords(counts: Record<Outcome, number>): string {
  const words: Record<Outcome, string> = { passed: 'passed', failed: 'failed', deviates: 'differ', 'not-offered': 'not offered', skipped: 'skipped' }
  return OUTCOMES.flatMap((outcome) => (counts[outcome] > 0 ? [`${counts[outcome]} ${words[outcome]}`] : [])).join(', ') || 'none'
}

/** One line that says whether the server conforms. */
export function verdictOf({ cases }: Report): string {
  const failed = countCases(cases).required.failed
  if (failed > 0) return `does not conform: ${failed} required ${failed === 1 ? 'case' : 'cases'} failed`
  const { passed, skipped } = countCases(cases).required
  return `conforms: all ${passed} required cases that apply passed${skipped > 0 ? ` (${skipped} do not apply)` : ''}`
}

/** What the server calls itself. */
export function serverTitle({ server, url }: Report): string {
  return [server.name || url, server.version].filter(Boolean).join(' ')
}

/** The findings of a case that are worth a line: those not met. */
export function unmetOf({ findings }: CaseResult): string[] {
  return findings.filter(({ met }) => !met).map(({ statement, found, soft }) => `${statement}${soft ? ' (recommended)' : ''}: ${found ?? 'not so'}`)
}

/** The document that programs read. */
export function documentOf(report: Report): Record<string, unknown> {
  return { ...report, grpc: report.grpc ?? null, conforms: conforms(report.cases), counts: countCases(report.cases) }
}
