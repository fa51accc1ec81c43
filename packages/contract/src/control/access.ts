import { z } from 'zod'
import { name, time } from '../name-schemas.ts'
import { keyLimits, quotaUse } from './limits.ts'

/** What an API key may do: ask for predictions, read logs and telemetry through control, or everything. */
export const KEY_SCOPES = ['predict', 'read', 'admin'] as const
export const keyScope = z.enum(KEY_SCOPES)
export type KeyScope = z.infer<typeof keyScope>

export const apiKey = z.object({
  id: z.string(),
  name: z.string(),
  /** First characters of the key, to recognise it by. */
  prefix: z.string(),
  scopes: z.array(keyScope),
  /** Deployments it is bound to; empty means all. */
  deployments: z.array(z.string()),
  createdAt: time,
  createdBy: z.string(),
  expiresAt: time.nullable(),
  revokedAt: time.nullable(),
  limits: keyLimits.nullable(),
  /** Rows that the key used of each of its quotas in the window that runs. */
  usage: z.array(quotaUse),
})
export type ApiKey = z.infer<typeof apiKey>

export const createKeyRequest = z.strictObject({
  name: z.string().min(1).max(200),
  scopes: z.array(keyScope).min(1).default(['predict']),
  deployments: z.array(name).max(1000).default([]),
  expiresAt: time.optional(),
  limits: keyLimits.optional(),
})
/** What of a key can be changed; `null` takes all its limits away. */
export const patchKeyRequest = z.strictObject({ limits: keyLimits.nullable() })
export type PatchKeyRequest = z.infer<typeof patchKeyRequest>
/** The key itself is shown once, here. `warnings` are sentences about what may be a mistake. */
export const createdKey = apiKey.extend({ key: z.string(), warnings: z.array(z.string()) })
export type CreatedKey = z.infer<typeof createdKey>

/** Who is signed in, and until when; `null` for a token, which has no session that could end. */
export const session = z.object({ subject: z.string(), expiresAt: time.nullable() })
export type Session = z.infer<typeof session>
export const signInLink = z.object({ url: z.string(), expiresAt: time })
export type SignInLink = z.infer<typeof signInLink>
