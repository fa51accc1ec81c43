import { FairleadError } from '@fairlead/contract'
import type { ApiKey, CreatedKey, createKeyRequest, KeyScope, PatchKeyRequest, Session, SignInLink } from '@fairlead/contract/control'
import type { z } from 'zod'
import { type Clock, rfc3339 } from '../../kernel/clock.ts'
import { type Page, type PageRequest, pageOf, positionOf } from '../../kernel/page.ts'
import { type QuotaSource, quotaUseOf } from './limits/usage.ts'
import { hashOf, keyIdOf, sameHash, secret, shortId } from './secrets.ts'
import type { GovernanceDb, KeyRow } from './tables.ts'

const SIGN_IN_MS = 10 * 60_000
const SESSION_MS = 12 * 3_600_000
/** Name of the cookie that carries a session. */
export const SESSION_COOKIE = 'fairlead_session'

/** Who calls the control API, and what they may do there. */
export interface Principal {
  kind: 'admin' | 'key' | 'session'
  id: string
  scopes: KeyScope[]
  /** Deployments it is bound to; empty means all. */
  deployments: string[]
}

export interface AccessOptions {
  db: GovernanceDb
  adminToken: string
  clock: Clock
  /** Told of a key that was made or revoked; settles when those who answer predictions know of it, or have had their time to. */
  changed?: (() => Promise<void>) | undefined
  /** Where it is counted what keys used of their quotas. */
  spent?: QuotaSource | undefined
}

/** Credentials of the control API: the admin token, API keys, sign-in links and sessions. */
export class Access {
  readonly #db: GovernanceDb
  readonly #clock: Clock
  readonly #adminHash: string
  readonly #changed: AccessOptions['changed']
  readonly #spent: QuotaSource

  constructor({ db, adminToken, clock, changed, spent }: AccessOptions) {
    this.#changed = changed
    this.#spent = spent ?? (() => 0)
    this.#db = db
    this.#clock = clock
    this.#adminHash = hashOf(adminToken)
  }

  /** Whom a bearer token belongs to; `undefined` for one that is wrong, revoked or expired. */
  async authenticate(bearer: string): Promise<Principal | undefined> {
    const hash = hashOf(bearer)
    if (sameHash(hash, this.#adminHash)) return { kind: 'admin', id: 'admin', scopes: ['admin'], deployments: [] }
    const id = keyIdOf(bearer)
    if (id === undefined) return undefined
    const row = await this.#db.selectFrom('api_keys').selectAll().where('id', '=', id).executeTakeFirst()
    if (!row || !sameHash(row.hash, hash) || row.revoked_at !== null || (row.expires_at !== null && row.expires_at <= this.#now())) return undefined
    return { kind: 'key', id: `key:${row.id}`, scopes: JSON.parse(row.scopes), deployments: JSON.parse(row.deployments) }
  }

  /** Whom a session's cookie belongs to; `undefined` for one that ended. */
  async authenticateSession(cookie: string): Promise<(Principal & { expiresAt: string }) | undefined> {
    const row = await this.#db.selectFrom('sessions').selectAll().where('hash', '=', hashOf(cookie)).where('expires_at', '>', this.#now()).executeTakeFirst()
    return row && { kind: 'session', id: row.subject, scopes: ['admin'], deployments: [], expiresAt: row.expires_at }
  }

  /** Makes an API key, good for predictions when this settles. The key itself is in the answer and nowhere else. */
  async createKey(request: z.input<typeof createKeyRequest>, who: string): Promise<Omit<CreatedKey, 'warnings'>> {
    const now = this.#now()
    if (request.expiresAt !== undefined && request.expiresAt <= now) {
      const detail = `The key would be expired already: ${request.expiresAt} is past.`
      throw new FairleadError('request-invalid', detail, { items: [{ path: 'expiresAt', code: 'request-invalid', detail }] })
    }
    const id = shortId()
    const key = `fl_${id}_${secret()}`
    const row: KeyRow = {
      id,
      name: request.name,
      hash: hashOf(key),
      scopes: JSON.stringify([...new Set(request.scopes ?? ['predict'])]),
      deployments: JSON.stringify([...new Set(request.deployments ?? [])]),
      created_at: now,
      created_by: who,
      expires_at: request.expiresAt ?? null,
      revoked_at: null,
      limits: request.limits === undefined ? null : JSON.stringify(request.limits),
    }
    await this.#db.insertInto('api_keys').values(row).execute()
    await this.#changed?.()
    return { ...this.#apiKeyOf(row), key }
  }

  /** API keys, newest first. Throws `request-invalid` for a wrong `next`. */
  async listKeys({ limit, next }: PageRequest): Promise<Page<ApiKey>> {
    const from = positionOf(next, isKeyPosition)
    let query = this.#db
      .selectFrom('api_keys')
      .selectAll()
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit + 1)
    if (from) {
      const [at, id] = from
      query = query.where((eb) => eb.or([eb('created_at', '<', at), eb.and([eb('created_at', '=', at), eb('id', '<', id)])]))
    }
    const page = pageOf(await query.execute(), limit, (row) => [row.created_at, row.id])
    return { items: page.items.map((row) => this.#apiKeyOf(row)), next: page.next }
  }

  /** Changes the limits of a key; they are in force everywhere when this settles. Throws `key-unknown`. */
  async patchKey(id: string, { limits }: PatchKeyRequest): Promise<ApiKey> {
    const changed = { limits: limits === null ? null : JSON.stringify(limits) }
    const row = await this.#db.updateTable('api_keys').where('id', '=', id).set(changed).returningAll().executeTakeFirst()
    if (!row) throw keyUnknown(id)
    await this.#changed?.()
    return this.#apiKeyOf(row)
  }

  /** Revokes a key, refused everywhere when this settles; one that is revoked stays so. Throws `key-unknown`. */
  async revokeKey(id: string): Promise<void> {
    const row = await this.#db.selectFrom('api_keys').select('revoked_at').where('id', '=', id).executeTakeFirst()
    if (!row) throw keyUnknown(id)
    await this.#db.updateTable('api_keys').where('id', '=', id).where('revoked_at', 'is', null).set({ revoked_at: this.#now() }).execute()
    await this.#changed?.()
  }

  /** Makes a link to the console at `consoleUrl` that signs in once, within ten minutes. */
  async createSignInLink(consoleUrl: string): Promise<SignInLink> {
    const token = `fls_${secret()}`
    const expiresAt = rfc3339(this.#clock.now() + SIGN_IN_MS)
    await this.#db.deleteFrom('sign_in_tokens').where('expires_at', '<=', this.#now()).execute()
    await this.#db
      .insertInto('sign_in_tokens')
      .values({ hash: hashOf(token), expires_at: expiresAt })
      .execute()
    // behind the #, so that the token is in no server's log
    return { url: `${consoleUrl.replace(/\/+$/, '')}/sign-in#${token}`, expiresAt }
  }

  /** Begins a session of `seconds` with the token of a link, which is used up, or with the admin token. Throws `sign-in-invalid`. */
  async signIn(token: string): Promise<{ session: Session; cookie: string; seconds: number }> {
    const hash = hashOf(token)
    const now = this.#now()
    if (!sameHash(hash, this.#adminHash)) {
      // deleting is the test: of two who come with one token, one finds it gone
      const { numDeletedRows } = await this.#db.deleteFrom('sign_in_tokens').where('hash', '=', hash).where('expires_at', '>', now).executeTakeFirst()
      if (numDeletedRows === 0n) throw new FairleadError('sign-in-invalid', 'The sign-in link is used up, expired, or was never made here.')
    }
    const cookie = secret()
    const expiresAt = rfc3339(this.#clock.now() + SESSION_MS)
    const session: Session = { subject: 'admin', expiresAt }
    await this.#db.deleteFrom('sessions').where('expires_at', '<=', now).execute()
    await this.#db
      .insertInto('sessions')
      .values({ hash: hashOf(cookie), subject: session.subject, expires_at: expiresAt })
      .execute()
    return { session, cookie, seconds: SESSION_MS / 1000 }
  }

  /** Ends a session. */
  async signOut(cookie: string): Promise<void> {
    await this.#db.deleteFrom('sessions').where('hash', '=', hashOf(cookie)).execute()
  }

  #apiKeyOf(row: KeyRow): ApiKey {
    const limits: ApiKey['limits'] = row.limits === null ? null : JSON.parse(row.limits)
    return {
      id: row.id,
      name: row.name,
      prefix: `fl_${row.id}`,
      scopes: JSON.parse(row.scopes),
      deployments: JSON.parse(row.deployments),
      createdAt: row.created_at,
      createdBy: row.created_by,
      expiresAt: row.expires_at,
      revokedAt: row.revoked_at,
      limits,
      usage: limits === null ? [] : quotaUseOf(row.id, limits, { spent: this.#spent, now: this.#clock.now() }),
    }
  }

  #now(): string {
    return rfc3339(this.#clock.now())
  }
}

/** Whether someone may use an operation of this kind. `admin` includes `read`. */
export function allows({ scopes }: Pick<Principal, 'scopes'>, access: 'read' | 'admin'): boolean {
  return scopes.includes('admin') || scopes.includes(access)
}

const isKeyPosition = (value: unknown): value is [string, string] =>
  Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string')

function keyUnknown(id: string): FairleadError {
  return new FairleadError('key-unknown', `There is no key "${id.slice(0, 100)}".`)
}
