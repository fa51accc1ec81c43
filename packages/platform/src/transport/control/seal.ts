import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const SALT_BYTES = 16
const NONCE_BYTES = 12
const TAG_BYTES = 16
const CIPHER = 'aes-256-gcm'

/** What opens a sealed text. Credentials are random and long, so a key can be derived from one directly (HKDF, RFC 5869). */
export interface Lock {
  /** The secret that the caller presents; it is kept nowhere. */
  credential: string
  /** What the text is for; under another purpose it does not open. */
  purpose: string
}

function keyOf({ credential, purpose }: Lock, salt: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', credential, salt, purpose, 32))
}

/** Encrypts a text (AES-256-GCM) so that who has the store alone cannot read it. */
export function seal(text: string, lock: Lock): string {
  const salt = randomBytes(SALT_BYTES)
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, keyOf(lock, salt), nonce)
  return Buffer.concat([salt, nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64url')
}

/** Opens what `seal` made. Throws where the lock is another one or the text was changed. */
export function unseal(sealed: string, lock: Lock): string {
  const bytes = Buffer.from(sealed, 'base64url')
  const salt = bytes.subarray(0, SALT_BYTES)
  const nonce = bytes.subarray(SALT_BYTES, SALT_BYTES + NONCE_BYTES)
  const decipher = createDecipheriv(CIPHER, keyOf(lock, salt), nonce)
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES))
  const text = bytes.subarray(SALT_BYTES + NONCE_BYTES, bytes.length - TAG_BYTES)
  return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8')
}
