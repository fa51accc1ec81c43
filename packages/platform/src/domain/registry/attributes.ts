import { FairleadError, NAME_PATTERN } from '@fairlead/contract'

const ALIAS = /^[a-z][a-z0-9_-]{0,99}$/

/** Refuses a model name of a wrong form. Throws `name-invalid`. */
export function checkModelName(name: string): void {
  if (!NAME_PATTERN.test(name)) throw new FairleadError('name-invalid', `"${name.slice(0, 120)}" is not a model name: it must match ${NAME_PATTERN.source}.`)
}

/** Refuses an alias that could be taken for a version: numbers, `v3` and `latest`. Throws `name-invalid`. */
export function checkAlias(alias: string): void {
  const reason = !ALIAS.test(alias)
    ? `it must match ${ALIAS.source}`
    : /^v?[0-9]+$/.test(alias)
      ? 'it looks like the number of a version'
      : alias === 'latest'
        ? 'a reference without a version already means the newest'
        : undefined
  if (reason === undefined) return
  const detail = `"${alias.slice(0, 120)}" is not an alias: ${reason}.`
  throw new FairleadError('name-invalid', detail, { items: [{ path: 'alias', code: 'name-invalid', detail }] })
}

/** JSON text of tags or metrics after a change; `null` removes a key. Throws `request-invalid` past `most` keys. */
export function patched(json: string, change: Record<string, string | number | null> | undefined, { what, most }: { what: string; most: number }): string {
  const merged = new Map(Object.entries(JSON.parse(json) as Record<string, string | number>))
  for (const [key, value] of Object.entries(change ?? {})) {
    if (value === null) merged.delete(key)
    else merged.set(key, value)
  }
  if (merged.size > most) {
    const detail = `There would be ${merged.size} ${what}; at most ${most} are kept.`
    throw new FairleadError('request-invalid', detail, { items: [{ path: what, code: 'request-invalid', detail }] })
  }
  return JSON.stringify(Object.fromEntries(merged))
}
