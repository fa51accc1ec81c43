import { FairleadError } from '@fairlead/contract'
import { type ApiKey, KEY_SCOPES, type KeyScope } from '@fairlead/contract/control'
import { parseDuration } from '../../kernel/duration.ts'
import { didYouMean } from '../../kernel/suggestion.ts'
import type { Context } from '../context.ts'
import { problemOf } from '../failure.ts'
import { ago, cell, printable } from '../format.ts'
import { changedLimits, type LimitOptions, limitOf, limitWords, usageWords, withLimitOptions } from '../key-limits.ts'
import { allItems } from '../list-all.ts'
import { collect } from '../option-values.ts'
import type { Registrar } from '../registrar.ts'

/** The last moment that RFC 3339 can write. */
const LATEST = Date.parse('9999-12-31T23:59:59.999Z')

/** `fairlead keys …`: API keys. */
export function registerKeys({ program, run }: Registrar): void {
  const keys = program.command('keys').description('make, list, limit and revoke API keys')
  const creating = withLimitOptions(
    keys
      .command('create <name>')
      .description('make a key; it is shown once')
      .option('--deployment <name>', 'bind it to a deployment; may be repeated, all when not given', collect)
      .option('--scope <scope>', `what it may do: ${KEY_SCOPES.join(', ')}; may be repeated, predict when not given`, collect)
      .option('--expires <when>', 'a duration from now (90d, 12h) or a time (2031-01-31T00:00:00Z)'),
  ).addHelpText(
    'after',
    '\nExamples:\n  fairlead keys create website --deployment credit-risk --expires 90d\n  fairlead keys create partner --rate 100/s --burst 200 --quota 1000000/day',
  )
  run(creating, create)
  const limiting = withLimitOptions(
    keys
      .command('limit <key>')
      .description('change how often and for how many rows a key may ask; what is not given is not limited any more')
      .option('--deployment <name>', 'the limits for this deployment; those over all deployments when not given')
      .option('--none', 'take these limits away'),
  ).addHelpText(
    'after',
    '\nExamples:\n  fairlead keys limit partner --rate 600/min --quota 5000000/month\n  fairlead keys limit partner --deployment credit-risk --rate 10/s\n  fairlead keys limit partner --none',
  )
  run(limiting, limit)
  run(keys.command('list').description('keys, without what is secret of them'), list)
  run(keys.command('revoke <key>').description('revoke a key, by its id, its name or its first characters'), revoke)
}

async function create({ control, output }: Context, [name = '']: string[], options: Record<string, unknown>): Promise<undefined> {
  const given = options as { deployment?: string[]; scope?: string[]; expires?: string } & LimitOptions
  const { deployment: deployments = [], scope: scopes = ['predict'], expires } = given
  const limits = limitOf(given)
  const stranger = scopes.find((scope) => !KEY_SCOPES.includes(scope as KeyScope))
  if (stranger !== undefined) throw new FairleadError('usage', `--scope takes ${KEY_SCOPES.join(', ')}, not "${stranger}".`)
  const expiresAt = expires === undefined ? {} : { expiresAt: expiryOf(expires, Date.now()) }
  const key = await control.call('createKey', {
    body: { name, deployments, scopes: scopes as KeyScope[], ...expiresAt, ...(limits === undefined ? {} : { limits }) },
  })
  for (const warning of key.warnings) output.note(`${output.tint('yellow', 'warning')}: ${printable(warning)}`)
  output.result(key, () => {
    output.line(key.key)
    output.note('This is the only time the key is shown. Callers send it as: Authorization: Bearer KEY')
  })
  return undefined
}

/** The time that `90d` or an RFC 3339 time means. Throws `usage`. */
export function expiryOf(text: string, now: number): string {
  const span = parseDuration(text)
  const at = span === undefined ? (/^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN) : now + span
  if (Number.isNaN(at) || at > LATEST)
    throw new FairleadError('usage', `--expires takes a duration (90d, 12h) or a time (2031-01-31T00:00:00Z), not "${text}".`)
  if (at <= now) throw new FairleadError('usage', `--expires ${text} is not in the future.`)
  return new Date(at).toISOString()
}

async function list({ control, output }: Context): Promise<undefined> {
  const items = await allItems((next) => control.call('listKeys', { query: { next } }))
  output.result({ items }, () => {
    if (items.length === 0) return output.note('There are no keys yet. Make one with: fairlead keys create NAME')
    const header = ['ID', 'NAME', 'KEY', 'MAY', 'DEPLOYMENTS', 'LIMITS', 'USED', 'MADE', 'STATE']
    output.table(
      header,
      items.map((key) => [
        key.id,
        cell(key.name),
        `${key.prefix}…`,
        key.scopes.join(', '),
        key.deployments.join(', ') || 'all',
        limitWords(key),
        usageWords(key) || '–',
        ago(key.createdAt),
        stateOf(key),
      ]),
    )
  })
  return undefined
}

function stateOf(key: ApiKey): string {
  if (key.revokedAt) return `revoked ${ago(key.revokedAt)}`
  if (!key.expiresAt) return 'valid'
  return Date.parse(key.expiresAt) < Date.now() ? `expired ${ago(key.expiresAt)}` : `expires ${ago(key.expiresAt)}`
}

/** The keys that a word may mean: the one of this id, else those in force of this name, else those of this name, else by first characters. */
function keysFor(items: readonly ApiKey[], given: string): ApiKey[] {
  const named = items.filter((key) => key.name === given)
  const begun = items.filter((key) => given.length >= 4 && (key.id.startsWith(given) || key.prefix.startsWith(given) || given.startsWith(key.prefix)))
  const ways = [items.filter((key) => key.id === given), named.filter((key) => !key.revokedAt), named, begun]
  return ways.find((fits) => fits.length > 0) ?? []
}

/** The one key that a word means. Throws `key-unknown` and `usage`. */
async function keyFor({ control }: Context, given: string): Promise<ApiKey> {
  const items = await allItems((next) => control.call('listKeys', { query: { next } }))
  const fits = keysFor(items, given)
  const [key, another] = fits
  if (!key)
    throw new FairleadError(
      'key-unknown',
      `No key has the id or the name "${given}".${didYouMean(
        given,
        items.map((one) => one.name),
      )}`,
    )
  if (another) throw new FairleadError('usage', `"${given}" fits ${fits.length} keys; give the id of one: ${fits.map((one) => one.id).join(', ')}.`)
  return key
}

async function limit(context: Context, [given = '']: string[], options: Record<string, unknown>): Promise<undefined> {
  const { control, output } = context
  const { deployment, none = false, ...typed } = options as { deployment?: string; none?: boolean } & LimitOptions
  const wanted = limitOf(typed)
  if (none === (wanted !== undefined)) throw new FairleadError('usage', 'Give the limits with --rate, --burst and --quota, or take them away with --none.')
  const key = await keyFor(context, given)
  const limits = changedLimits(key.limits, deployment, wanted)
  const changed = await control.call('patchKey', { params: { key: key.id }, body: { limits } })
  if (deployment !== undefined && wanted !== undefined) await warnOfMissing(context, deployment)
  output.result(changed, () => output.line(`${cell(changed.name)} (${changed.prefix}…): ${limitWords(changed)}`))
  return undefined
}

/** A limit may be there before its deployment is; a misspelt name limits nothing. */
async function warnOfMissing({ control, output }: Context, deployment: string): Promise<void> {
  try {
    await control.call('getDeployment', { params: { deployment } })
  } catch (error) {
    // the limit is changed, whatever else is wrong
    if (problemOf(error).code === 'deployment-unknown')
      output.note(`${output.tint('yellow', 'warning')}: There is no deployment "${printable(deployment)}" yet; its limit holds once there is.`)
  }
}

async function revoke(context: Context, [given = '']: string[]): Promise<undefined> {
  const { control, output } = context
  const key = await keyFor(context, given)
  await context.confirm(`Revoke the key ${key.name} (${key.prefix}…)? Its callers get an error from then on.`)
  await control.call('revokeKey', { params: { key: key.id } })
  output.result({ revoked: key.id, name: key.name }, () => output.line(`${cell(key.name)} (${key.prefix}…) is revoked`))
  return undefined
}
