import { isDeepStrictEqual } from 'node:util'
import { FairleadError, MAX_BURST, QUOTA_FORM, RATE_FORM } from '@fairlead/contract'
import { type ReleaseSettings, type ReleaseSettingsInput, releaseSettings } from '@fairlead/contract/control'
import { parse } from 'yaml'
import { didYouMean } from '../kernel/suggestion.ts'

/** Names that a declaration uses for settings of the log. */
const DOTTED: Record<string, keyof ReleaseSettingsInput> = { 'log.enabled': 'logEnabled', 'log.durability': 'logDurability', 'log.redact': 'logRedact' }

/** The settings that differ from their defaults, as `--set` takes them. */
export function writtenSettings(settings: ReleaseSettings): string[] {
  const spelled = new Map(Object.entries(DOTTED).map(([written, key]) => [key, written]))
  const defaults = releaseSettings.parse({})
  return (Object.keys(defaults) as (keyof ReleaseSettings)[])
    .filter((key) => !isDeepStrictEqual(settings[key], defaults[key]))
    .map((key) => `${spelled.get(key) ?? key}=${settings[key]}`)
}

const TAKES: Partial<Record<keyof ReleaseSettings, string>> = {
  maxRows: 'a whole number from 1 to 1000000',
  queueRows: 'a whole number from 1 to 10000000',
  queueBytes: 'bytes from 1000000 to 1099511627776',
  priority: 'a whole number from 1, the highest, to 10',
  deadlineMs: 'milliseconds from 1 to 3600000',
  workers: 'a whole number from 1 to 64',
  requireKey: 'true or false',
  logEnabled: 'true or false',
  rateLimit: `${RATE_FORM}, or null for none`,
  rateBurst: `a whole number from 1 to ${MAX_BURST}, or null for as many as rateLimit counts`,
  rowQuota: `${QUOTA_FORM}, or null for none`,
  logRedact: 'names of columns and outputs, with commas between them',
}

function takenBy(key: keyof ReleaseSettings): string {
  const options = setOf(releaseSettings.shape[key].unwrap())
  return TAKES[key] ?? `one of ${options.join(', ')}`
}

function setOf(schema: object): readonly string[] {
  return 'options' in schema && Array.isArray(schema.options) ? schema.options : []
}

/** Reads `--set KEY=VALUE` options. Throws `setting-unknown` with the nearest name, or `setting-invalid` with what the setting takes. */
export function readSettings(given: Record<string, string>): Partial<ReleaseSettingsInput> {
  const known = Object.keys(releaseSettings.shape)
  const settings: Record<string, unknown> = {}
  for (const [written, text] of Object.entries(given)) {
    const key = DOTTED[written] ?? written
    if (!known.includes(key)) {
      throw new FairleadError('setting-unknown', `There is no setting "${written}".${didYouMean(written, [...known, ...Object.keys(DOTTED)])}`)
    }
    const value: unknown = key === 'logRedact' && !text.startsWith('[') ? text.split(',').filter((name) => name !== '') : parse(text)
    const parsed = releaseSettings.shape[key as keyof typeof releaseSettings.shape].safeParse(value)
    if (!parsed.success)
      throw new FairleadError('setting-invalid', `--set ${written} takes ${takenBy(key as keyof ReleaseSettings)}, not ${JSON.stringify(text)}.`)
    settings[key] = value
  }
  return settings
}
