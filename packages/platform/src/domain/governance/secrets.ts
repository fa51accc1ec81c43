import { hash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'

const ID_LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789'

/** 256 random bits as 43 characters. */
export function secret(): string {
  return randomBytes(32).toString('base64url')
}

/** A short random name without letters that look alike. */
export function shortId(): string {
  return Array.from({ length: 8 }, () => ID_LETTERS[randomInt(ID_LETTERS.length)]).join('')
}

/** What is kept of a secret: its SHA-256 in hex. A slow hash would add nothing, since the secrets are random and long. */
export function hashOf(text: string): string {
  return hash('sha256', text, 'hex')
}

/** Whether two hashes are the same, in a time that does not depend on where they differ. */
export function sameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}

/** Whether a presented secret is the one that is expected, in a time that tells nothing of it. */
export function sameSecret(presented: string, expected: string): boolean {
  return sameHash(hashOf(presented), hashOf(expected))
}

/** The id inside a presented API key, or `undefined` when it does not have a key's form. */
export function keyIdOf(presented: string): string | undefined {
  return /^fl_([a-z0-9]{8})_[A-Za-z0-9_-]{43}$/.exec(presented)?.[1]
}
