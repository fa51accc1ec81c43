import { FairleadError } from '@fairlead/contract'
import { name } from '@fairlead/contract/schemas'
import { z } from 'zod'
import type { Environment } from './environment.ts'

const header = z.union([z.string().max(10_000), z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/) })])

/** `features:` of `fairlead.yaml`: services that `lookup` steps name. */
export const declaredFeatures = z.record(
  name,
  z.strictObject({
    url: z.url({ protocol: /^https?$/ }).describe('Address of the service; of Feast, that of its feature server'),
    kind: z.enum(['plain', 'feast']).default('plain').describe('How it is asked: Feast’s protocol, or the plain one of docs/guides/features.md'),
    headers: z
      .record(z.string().regex(/^[A-Za-z0-9-]{1,100}$/), header)
      .optional()
      .describe('Sent with every request; { env: NAME } takes the value from the environment, where secrets belong'),
    caFile: z.string().min(1).optional().describe('PEM file of the authorities that are trusted for it'),
  }),
)
export type DeclaredFeatures = z.input<typeof declaredFeatures>

/** A feature service and how to reach it; secrets are in it. */
export interface FeatureServiceSettings {
  readonly name: string
  readonly kind: 'plain' | 'feast'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly caFile?: string
}

/** The services of a declaration, with headers from the environment. Throws `setting-invalid` for variables that are not set. */
export function featureServices(declared: DeclaredFeatures, env: Environment): FeatureServiceSettings[] {
  return Object.entries(declaredFeatures.parse(declared)).map(([name, { url, kind, headers = {}, caFile }]) => {
    const settled = Object.entries(headers).map(([key, value]): [string, string] => {
      if (typeof value === 'string') return [key, value]
      const found = env[value.env]
      if (found === undefined || found === '') {
        const path = `features.${name}.headers.${key}`
        const detail = `the environment variable ${value.env} is not set`
        throw new FairleadError('setting-invalid', `${path}: ${detail}.`, { items: [{ path, code: 'setting-invalid', detail }] })
      }
      return [key, found]
    })
    return { name, kind, url, headers: Object.fromEntries(settled), ...(caFile === undefined ? {} : { caFile }) }
  })
}
