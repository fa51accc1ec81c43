/** Model and deployment names: `[a-z0-9]` then `[a-z0-9._-]`, at most 100 characters. */
export const NAME_PATTERN = /^[a-z0-9][a-z0-9._-]{0,99}$/

/** A digest: `sha256:` and 64 hex digits. */
export const DIGEST_PATTERN = /^sha256:[0-9a-f]{64}$/

/** A parsed model reference. `name` alone means the newest version. */
export type ModelRef =
  | { kind: 'newest'; name: string }
  | { kind: 'version'; name: string; version: number }
  | { kind: 'alias'; name: string; alias: string }
  | { kind: 'digest'; digest: string }

/**
 * Reads `name`, `name:3`, `name@alias`, a digest, and the same behind `models:/` (where `models:/name/3` is also a version).
 * Answers `undefined` for anything else.
 */
export function parseModelRef(text: string): ModelRef | undefined {
  if (DIGEST_PATTERN.test(text)) return { kind: 'digest', digest: text }
  const uri = text.startsWith('models:/')
  const body = uri ? text.slice('models:/'.length) : text
  const match = /^([a-z0-9][a-z0-9._-]{0,99})(?:([:@/])([A-Za-z0-9._-]{1,100}))?$/.exec(body)
  if (!match) return undefined
  const [, name = '', mark, rest = ''] = match
  if (mark === undefined) return { kind: 'newest', name }
  if (mark === '@') return { kind: 'alias', name, alias: rest }
  if (mark === '/' && !uri) return undefined
  if (mark === '/' && rest === 'latest') return { kind: 'newest', name }
  if (!/^[1-9][0-9]{0,8}$/.test(rest)) return undefined
  return { kind: 'version', name, version: Number(rest) }
}
