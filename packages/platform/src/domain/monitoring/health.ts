import type { Deployment, HealthState } from '@fairlead/contract/control'
import { latencyOf, type Sums } from './point.ts'
import type { ProcessSnapshot } from './types.ts'

/** A state of health, and one true sentence that says why. */
export interface Verdict {
  health: HealthState
  reason: string
}

/** What is known of a deployment; sums over the last five minutes, and how much of them the platform was up. */
export interface DeploymentFacts {
  state: Deployment['state']
  reason: string
  sums: Sums
  seconds: number
}

const ORDER: readonly HealthState[] = ['ok', 'unknown', 'warn', 'alert']
/** Below so many requests a share says nothing. */
const FEWEST = 10

function count(n: number, word: string): string {
  if (n === 1) return `${n} ${word}`
  return `${n} ${word}${word.endsWith('s') ? 'es' : 's'}`
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`
}

function round(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))
}

/**
 * Health of one deployment. The first rule that holds decides:
 *
 * | rule | health |
 * |---|---|
 * | the deployment failed | alert |
 * | it has no release, or its first is still loading | unknown |
 * | at least 2 faults of the platform (5xx) and 5 % of at least 10 requests, or all of fewer | alert |
 * | at least 2 faults and 1 % of the requests | warn |
 * | some processes do not answer for it, or its model was unloaded | warn |
 * | half of at least 10 requests refused for what the caller sent | warn |
 * | else | ok |
 */
export function deploymentHealth({ state, reason, sums, seconds }: DeploymentFacts): Verdict {
  const { requests, errors, faults } = sums
  if (state === 'failed') return { health: 'alert', reason }
  if (state === 'empty' || state === 'loading') return { health: 'unknown', reason }
  const share = requests === 0 ? 0 : faults / requests
  const failing = `${percent(share)} of ${count(requests, 'request')} failed in the last five minutes`
  if (faults >= 2 && (requests >= FEWEST ? share >= 0.05 : faults === requests)) return { health: 'alert', reason: failing }
  if (faults >= 2 && share >= 0.01) return { health: 'warn', reason: failing }
  if (state === 'degraded' || state === 'unloaded') return { health: 'warn', reason }
  const refused = requests === 0 ? 0 : (errors - faults) / requests
  if (requests >= FEWEST && refused >= 0.5) {
    return { health: 'warn', reason: `${percent(refused)} of ${count(requests, 'request')} in the last five minutes were refused for what callers sent` }
  }
  if (requests === 0) return { health: 'ok', reason: 'Ready; nothing was asked in the last five minutes' }
  const { p99 } = latencyOf(sums)
  const speed = p99 === null ? '' : `, 99 % within ${round(p99)} ms`
  const parts = [faults > 0 ? `${faults} failed` : '', errors > faults ? `${errors - faults} refused for what callers sent` : ''].filter((part) => part !== '')
  const told = parts.length === 0 ? 'no errors' : parts.join(', ')
  return { health: 'ok', reason: `Answering ${round(requests / Math.max(1, seconds))} requests/s${speed}, ${told} in the last five minutes` }
}

/** What is known of the whole platform. */
export interface PlatformFacts {
  deployments: { name: string; verdict: Verdict }[]
  processes: Pick<ProcessSnapshot, 'role' | 'state' | 'memoryBytes' | 'eventLoopP99Ms'>[]
  /** Rows that the prediction log lost within the last five minutes. */
  droppedRows: number
  /** Files of the prediction log that are set aside because they cannot be read. */
  damagedLogFiles?: number
  freeBytes: number
  /** Memory of the machine. */
  totalMemoryBytes: number
}

const MEGABYTE = 1 << 20

/**
 * Health of the platform: the worst of its parts, and of parts equally bad the first in this list.
 *
 * | rule | health |
 * |---|---|
 * | no serve process is ready | alert |
 * | rows of the prediction log were lost in the last five minutes | alert |
 * | less than 500 MB of disk free (warn below 2 GB) | alert |
 * | a deployment is in alert, or warns | the same |
 * | some serve processes are not ready | warn |
 * | files of the prediction log are damaged and set aside | warn |
 * | the platform holds over 90 % of the machine's memory | warn |
 * | a process was blocked for over 250 ms at the 99th percentile | warn |
 * | all deployments are unknown, and there are some | unknown |
 */
export function platformHealth(facts: PlatformFacts): { health: HealthState; sentence: string } {
  const findings = [...processFindings(facts), ...storageFindings(facts)]
  for (const { name, verdict } of facts.deployments) {
    if (verdict.health === 'alert' || verdict.health === 'warn') findings.push({ health: verdict.health, reason: `${name}: ${withoutStop(verdict.reason)}` })
  }
  const worst = findings.toSorted((a, b) => ORDER.indexOf(b.health) - ORDER.indexOf(a.health))[0]
  if (worst) {
    const others = findings.length - 1
    return { health: worst.health, sentence: `${worst.reason}${others > 0 ? `, and ${count(others, 'other finding')}` : ''}.` }
  }
  const total = facts.deployments.length
  if (total === 0) return { health: 'ok', sentence: 'The platform is ready; nothing is deployed yet.' }
  const waiting = facts.deployments.filter((d) => d.verdict.health === 'unknown')
  if (waiting.length === total) return { health: 'unknown', sentence: `${waiting[0]!.name}: ${withoutStop(waiting[0]!.verdict.reason)}.` }
  if (waiting.length > 0)
    return { health: 'ok', sentence: `${total - waiting.length} of ${count(total, 'deployment')} are ready; the others have no active release yet.` }
  return { health: 'ok', sentence: total === 1 ? `${facts.deployments[0]!.name} is ready and healthy.` : `All ${total} deployments are ready and healthy.` }
}

/** Reasons that were told as sentences go into another one. */
function withoutStop(reason: string): string {
  return reason.endsWith('.') ? reason.slice(0, -1) : reason
}

function processFindings({ processes, totalMemoryBytes }: PlatformFacts): Verdict[] {
  const findings: Verdict[] = []
  const serving = processes.filter((p) => p.role === 'serve')
  const ready = serving.filter((p) => p.state === 'ready')
  if (ready.length === 0) findings.push({ health: 'alert', reason: 'No serve process is ready; predictions are not answered' })
  else if (ready.length < serving.length) findings.push({ health: 'warn', reason: `${ready.length} of ${count(serving.length, 'serve process')} are ready` })
  const memory = processes.reduce((sum, p) => sum + p.memoryBytes, 0)
  if (memory > 0.9 * totalMemoryBytes)
    findings.push({ health: 'warn', reason: `The platform holds ${percent(memory / totalMemoryBytes)} of the machine's memory` })
  const blocked = Math.max(0, ...processes.map((p) => p.eventLoopP99Ms))
  if (blocked > 250) findings.push({ health: 'warn', reason: `A process was blocked for ${round(blocked)} ms at a time` })
  return findings
}

function storageFindings({ droppedRows, damagedLogFiles = 0, freeBytes }: PlatformFacts): Verdict[] {
  const findings: Verdict[] = []
  if (droppedRows > 0) findings.push({ health: 'alert', reason: `The prediction log lost ${count(droppedRows, 'row')} in the last five minutes` })
  if (damagedLogFiles > 0) {
    findings.push({ health: 'warn', reason: `${count(damagedLogFiles, 'damaged file')} of the prediction log set aside in log/damaged` })
  }
  const free = `${Math.round(freeBytes / MEGABYTE)} MB of disk are free`
  if (freeBytes < 500 * MEGABYTE) findings.push({ health: 'alert', reason: free })
  else if (freeBytes < 2000 * MEGABYTE) findings.push({ health: 'warn', reason: free })
  return findings
}
