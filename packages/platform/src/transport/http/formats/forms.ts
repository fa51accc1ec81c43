import { FairleadError } from '@fairlead/contract'
import type { TableCodec, TableFormat } from '../../../domain/inference/index.ts'
import { csvCodec } from './csv.ts'

/** A form in which rows are sent or predictions answered. */
export type RowForm = { readonly kind: 'json' | 'ndjson'; readonly mediaType: string } | ({ readonly kind: 'table' } & TableFormat)

/** The forms of one request and of its answer. */
export interface RowForms {
  body: RowForm
  answer: RowForm
}

const JSON_FORM: RowForm = { kind: 'json', mediaType: 'application/json' }
const OWN_FORMS: readonly RowForm[] = [
  JSON_FORM,
  { kind: 'ndjson', mediaType: 'application/x-ndjson' },
  { kind: 'table', mediaType: 'text/csv', open: () => Promise.resolve(csvCodec) },
]
/** Other names that are in use for forms. */
const ALIASES: Readonly<Record<string, string>> = {
  'application/ndjson': 'application/x-ndjson',
  'application/jsonl': 'application/x-ndjson',
  'application/csv': 'text/csv',
}
const JSON_BOTH: RowForms = { body: JSON_FORM, answer: JSON_FORM }
const WEIGHT = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/

interface MediaRange {
  type: string
  parameters: ReadonlyMap<string, string>
}

function parseRange(text: string): MediaRange {
  const [type = '', ...rest] = text.split(';')
  const parameters = rest.map((part): [string, string] => {
    const at = part.indexOf('=')
    const value = at < 0 ? '' : part.slice(at + 1).trim()
    return [(at < 0 ? part : part.slice(0, at)).trim().toLowerCase(), value.startsWith('"') ? value.slice(1, -1) : value]
  })
  return { type: type.trim().toLowerCase(), parameters: new Map(parameters) }
}

/** How exactly a range of `Accept` means a media type: 3 by name, 2 by its first half, 1 as anything, 0 not at all. */
function matchOf(range: string, mediaType: string): number {
  if ((ALIASES[range] ?? range) === mediaType) return 3
  if (range === '*/*') return 1
  return range.endsWith('/*') && mediaType.startsWith(range.slice(0, -1)) ? 2 : 0
}

/** Chooses the forms of rows by `Content-Type` and `Accept` (RFC 9110). */
export class FormChoice {
  readonly #forms: readonly RowForm[]

  /** `tables` are the forms that are known beside JSON, NDJSON and CSV. */
  constructor(tables: readonly TableFormat[] = []) {
    this.#forms = [...OWN_FORMS, ...tables.map(({ mediaType, open }): RowForm => ({ kind: 'table', mediaType, open }))]
  }

  /** Media types of all forms. */
  get mediaTypes(): string[] {
    return this.#forms.map((form) => form.mediaType)
  }

  /** The code of a form of tables. Throws `media-type-unsupported` where there is none. */
  codec(mediaType: string): Promise<TableCodec> {
    const form = this.#ofBody(mediaType)
    if (form.kind !== 'table') throw new FairleadError('media-type-unsupported', `${mediaType} is no table`)
    return form.open()
  }

  /**
   * Without a content type a body is JSON. An answer has the form of the request unless `Accept` prefers another.
   * Throws `media-type-unsupported` or `not-acceptable`, naming the forms there are.
   */
  choose(contentType: string | undefined, accept: string | undefined): RowForms {
    const plainly =
      (contentType === undefined || contentType === 'application/json') && (accept === undefined || accept === '*/*' || accept === 'application/json')
    if (plainly) return JSON_BOTH
    const body = contentType === undefined ? JSON_FORM : this.#ofBody(contentType)
    return { body, answer: accept === undefined || accept === '*/*' ? body : this.#ofAnswer(accept, body) }
  }

  #ofBody(contentType: string): RowForm {
    const { type, parameters } = parseRange(contentType)
    const form = this.#forms.find(({ mediaType }) => mediaType === (ALIASES[type] ?? type))
    if (!form) {
      throw new FairleadError('media-type-unsupported', `the content type "${contentType.slice(0, 100)}" is not supported here; send ${this.#list()}`)
    }
    const charset = parameters.get('charset')?.toLowerCase()
    if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8')
      throw new FairleadError('media-type-unsupported', `the charset "${charset.slice(0, 40)}" is not supported; send UTF-8`)
    if (parameters.get('header')?.toLowerCase() === 'absent')
      throw new FairleadError('media-type-unsupported', 'CSV without a header is not supported; the first line must name the columns')
    return form
  }

  #ofAnswer(accept: string, own: RowForm): RowForm {
    const ranges = accept.split(',').map(parseRange)
    let best: { form: RowForm; weight: number } | undefined
    // the request's own form comes first, and JSON next: a later one must be wanted more
    for (const form of [own, ...this.#forms]) {
      let match = 0
      let weight = 0
      for (const { type, parameters } of ranges) {
        const q = parameters.get('q')
        const exactness = matchOf(type, form.mediaType)
        if (exactness <= match) continue
        match = exactness
        weight = q === undefined ? 1 : WEIGHT.test(q) ? Number(q) : 0
      }
      if (weight > (best?.weight ?? 0)) best = { form, weight }
    }
    if (!best) throw new FairleadError('not-acceptable', `predictions are written as ${this.#list()}, and Accept is "${accept.slice(0, 100)}"`)
    return best.form
  }

  #list(): string {
    const types = this.mediaTypes
    return `${types.slice(0, -1).join(', ')} or ${types.at(-1)}`
  }
}
