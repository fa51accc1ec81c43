import type { Form } from '../form.ts'
import { encodeForm } from './encode.ts'

interface Digesting {
  readonly subtle?: { digest(algorithm: 'SHA-256', bytes: Uint8Array): Promise<ArrayBuffer> }
}

/**
 * SHA-256 of the encoded form, as `sha256:` and 64 hex digits: the same for the same form, everywhere.
 * @throws {UnreadableModel} for a form that `checkForm` refuses
 * @throws {Error} where the runtime has no `crypto.subtle` (a page that was not loaded over HTTPS)
 */
export async function digestForm(form: Form): Promise<string> {
  const { subtle } = (globalThis as { crypto?: Digesting }).crypto ?? {}
  if (subtle === undefined) throw new Error('this runtime has no crypto.subtle: a page needs HTTPS for it')
  const digest = new Uint8Array(await subtle.digest('SHA-256', encodeForm(form)))
  return `sha256:${Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
