import { isRange, type Range } from '../format/time.ts'

const string = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined
const whole = (value: unknown): number | undefined => (Number.isInteger(Number(value)) && Number(value) > 0 ? Number(value) : undefined)
const oneOf = <T extends string>(choices: readonly T[], value: unknown): T | undefined => choices.find((choice) => choice === value)

/** Leaves out the keys without a value, so that the address stays short. */
function present<T extends Record<string, unknown>>(search: T): { [K in keyof T]?: T[K] | undefined } {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: T[K] | undefined }
}

export const HEALTH_FILTERS = ['attention', 'ok', 'unknown'] as const
export const DEPLOYMENT_TABS = ['try', 'predictions', 'releases', 'settings'] as const
export type DeploymentTab = (typeof DEPLOYMENT_TABS)[number]
export const MODEL_TABS = ['versions', 'signature', 'inside', 'lineage', 'graph', 'files', 'metrics'] as const
export type ModelTab = (typeof MODEL_TABS)[number]

/** Filters of a list page. */
export function listSearch(search: Record<string, unknown>) {
  return present({ q: string(search.q), health: oneOf(HEALTH_FILTERS, search.health) })
}

/** What is on show of a deployment page: tab, window and form of the charts, filters of the predictions. */
export function deploymentSearch(search: Record<string, unknown>) {
  const range: Range | undefined = isRange(search.range) ? search.range : undefined
  return present({
    tab: oneOf(DEPLOYMENT_TABS, search.tab),
    range,
    from: string(search.from),
    to: string(search.to),
    view: oneOf(['table'] as const, search.view),
    where: string(search.where),
    release: whole(search.release),
    since: string(search.since),
    columns: string(search.columns),
    after: string(search.after),
  })
}
export type DeploymentSearch = ReturnType<typeof deploymentSearch>

/** What is on show of a model page. `compare` is two versions, as `3-5`. */
export function modelSearch(search: Record<string, unknown>) {
  return present({
    tab: oneOf(MODEL_TABS, search.tab),
    version: whole(search.version),
    tree: Number(search.tree) > 0 ? whole(search.tree) : undefined,
    depth: Number(search.depth) <= 12 ? whole(search.depth) : undefined,
    compare: typeof search.compare === 'string' && /^\d+(-\d+)?$/.test(search.compare) ? search.compare : string(whole(search.compare)),
  })
}
export type ModelSearch = ReturnType<typeof modelSearch>

/** Where to go after signing in: a path of this console, never another site. */
export function signInSearch(search: Record<string, unknown>) {
  const next = string(search.next)
  return present({ next: next !== undefined && /^\/(?![/\\])/.test(next) && !next.startsWith('/sign-in') ? next : undefined })
}

/** The two versions named by `compare`, or the one chosen so far. */
export function comparedVersions(compare: string | undefined): number[] {
  return compare === undefined ? [] : compare.split('-').map(Number).slice(0, 2)
}

/** Toggles a version in the compared pair; a third one takes the place of the older choice. Answers the new `compare`. */
export function toggleCompared(compare: string | undefined, version: number): string | undefined {
  const chosen = comparedVersions(compare)
  const next = chosen.includes(version) ? chosen.filter((one) => one !== version) : [...chosen, version].slice(-2)
  return next.length === 0 ? undefined : next.join('-')
}
