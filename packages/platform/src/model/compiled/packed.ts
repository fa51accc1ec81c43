import { deserialize, serialize } from 'node:v8'
import type { Form } from '@fairlead/evaluator'

/** What artefacts of this format hold: a form, as `packForm` writes it. */
export const FORM_FORMAT = 'form'

/** A form as bytes, for the way from where a file is read to where it runs: within one program, and never stored. */
export function packForm(form: Form): Uint8Array {
  return serialize(form)
}

/** The form of such bytes. Throws for any others. */
export function unpackForm(bytes: Uint8Array): Form {
  const form = deserialize(bytes) as Form | undefined
  if (form?.version !== 1) throw new TypeError('these bytes hold no form')
  return form
}
