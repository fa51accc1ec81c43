/** What artefacts of this format hold: a form, as the evaluator's `encodeForm` writes it. */
export const FORM_FORMAT = 'form'
