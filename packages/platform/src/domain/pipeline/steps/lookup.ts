import type { StepOptions } from '@fairlead/contract/control'
import { parseDuration } from '../../../kernel/duration.ts'
import type { ColumnSpec, ColumnType } from '../columns.ts'
import type { LookupFeature, LookupOptions } from '../lookup/index.ts'
import type { Scope } from '../scope.ts'
import { constantFault } from './fill-nulls.ts'

const KEY_TYPES: readonly ColumnType[] = ['number', 'integer', 'text', 'boolean', 'time']
/** What a service has to answer in at most: callers wait as long. */
const LONGEST_TIMEOUT_MS = 60_000

/** `lookup`: columns that a feature service knows by keys. Services are asked side by side, and beside models that do not need them. */
export function compileLookup(given: StepOptions<'lookup'>, scope: Scope): void {
  const keys = Object.entries(given.keys).map(([key, column]) => scope.use(column, `keys.${key}`, KEY_TYPES).place)
  const features = Object.entries(given.features).map(([name, feature]): LookupFeature => {
    const { from = name, type, otherwise, maxAge } = feature
    const fault = otherwise === null ? undefined : constantFault(type, otherwise)
    if (fault !== undefined) throw scope.error(`features.${name}.otherwise`, fault)
    return {
      name,
      from,
      type,
      otherwise: type === 'integer' && typeof otherwise === 'number' ? BigInt(otherwise) : otherwise,
      ...(maxAge === undefined ? {} : { maxAgeMs: millis(maxAge, `features.${name}.maxAge`, scope) }),
    }
  })
  const options: LookupOptions = {
    service: given.service,
    keys: Object.keys(given.keys),
    features,
    timeoutMs: millis(given.timeout, 'timeout', scope),
    cacheMs: millis(given.cache, 'cache', scope),
    staleMs: millis(given.stale, 'stale', scope),
    cacheKeys: given.cacheKeys,
    onDown: given.onDown,
    onMissing: given.onMissing,
    onExpired: given.onExpired,
  }
  if (!(options.timeoutMs >= 1 && options.timeoutMs <= LONGEST_TIMEOUT_MS)) throw scope.error('timeout', 'a time from 1ms to 60s is needed')
  const specs = features.map(({ name, type, otherwise }): ColumnSpec => ({ name, type, nullable: otherwise === null && mayLack(options) }))
  scope.lookUp(specs, options, keys)
}

function millis(text: string, at: string, scope: Scope): number {
  const found = parseDuration(text)
  if (found === undefined) throw scope.error(at, `"${text}" is no duration; write one such as 50ms, 30s, 15m or 1h30m`)
  return found
}

/** Whether a row may be left without a value. */
function mayLack({ onDown, onMissing, onExpired }: LookupOptions): boolean {
  return onDown === 'otherwise' || onMissing === 'otherwise' || onExpired === 'otherwise'
}
