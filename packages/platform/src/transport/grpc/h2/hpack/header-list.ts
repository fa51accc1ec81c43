import { HeaderListError } from './errors.ts'

/** Fields of a request by name: as `node:http2` gives them, with repeated ones joined. */
export type Headers = Record<string, string>

/** RFC 9110, 5.6.2, without the letters in upper case that RFC 9113, 8.2.1 forbids. */
const NAME = /^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/
/** RFC 9113, 8.2.1: no NUL, CR or LF, and no white space around. */
const VALUE_FAULT = /[\0\r\n]|^[\t ]|[\t ]$/
const PSEUDO = new Set([':method', ':scheme', ':path', ':authority'])
/** RFC 9113, 8.2.2. */
const CONNECTION_ONLY = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'])
/** Fields of which a request has one; a second one is dropped, as `node:http2` does. */
const SINGLE = new Set(['authorization', 'content-length', 'content-type', 'host', 'referer', 'user-agent'])
/** What each field counts beside its letters: RFC 9113, 10.5.1. */
const FIELD_BYTES = 32
const COLON = 0x3a

/** A field that may come again and again; whether it can be a request's at all is judged once. */
export interface HeaderField {
  readonly name: string
  readonly value: string
  sound?: boolean
}

/** What can be said of a field alone. */
function isSound({ name, value }: HeaderField): boolean {
  if (!NAME.test(name) || VALUE_FAULT.test(value) || CONNECTION_ONLY.has(name)) return false
  return name.charCodeAt(0) === COLON ? PSEUDO.has(name) : name !== 'te' || value === 'trailers'
}

/** Gathers the fields of one block, and judges whether they can be a request's: RFC 9113, 8.2 and 8.3. */
export class HeaderList {
  readonly #headers: Headers = Object.create(null)
  readonly #mostBytes: number
  #bytes = 0
  #fault: HeaderListError | undefined
  #regular = false

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  add(field: HeaderField): void {
    const { name, value } = field
    this.#bytes += name.length + value.length + FIELD_BYTES
    if (this.#fault) return
    if (this.#bytes > this.#mostBytes) this.#fault = new HeaderListError('too-large', `the header fields are larger than ${this.#mostBytes} bytes`)
    else this.#put(field)
  }

  /** All fields. Throws HeaderListError. */
  finish(): Headers {
    if (this.#fault) throw this.#fault
    return this.#headers
  }

  #put(field: HeaderField): void {
    const { name, value } = field
    const before = this.#headers[name]
    const pseudo = name.charCodeAt(0) === COLON
    field.sound ??= isSound(field)
    if (!field.sound || (pseudo && (this.#regular || before !== undefined))) this.#malformed(name)
    else {
      if (!pseudo) this.#regular = true
      if (before === undefined) this.#headers[name] = value
      else if (!SINGLE.has(name)) this.#headers[name] = `${before}${name === 'cookie' ? '; ' : ', '}${value}`
    }
  }

  #malformed(name: string): void {
    this.#fault = new HeaderListError('malformed', `the header field ${JSON.stringify(name.slice(0, 100))} cannot be where it is`)
  }
}
