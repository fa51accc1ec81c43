import { createInterface } from 'node:readline/promises'
import { type Client, type Control, createClient, createControl } from '@fairlead/client'
import { FairleadError } from '@fairlead/contract'
import type { Io } from './io.ts'
import type { Output } from './output.ts'
import { findPlatform, type PlatformAddress } from './platform-address.ts'

/** Options that every command takes, before or after its name. */
export interface GlobalOptions {
  url?: string
  token?: string
  data?: string
  json?: boolean
  quiet?: boolean
  color: boolean
  yes?: boolean
}

/** What a command works with. */
export class Context {
  readonly io: Io
  readonly globals: GlobalOptions
  readonly output: Output
  #address: PlatformAddress | undefined

  constructor(io: Io, globals: GlobalOptions, output: Output) {
    this.io = io
    this.globals = globals
    this.output = output
  }

  /** Where the platform is. Throws `unreachable` when none is found. */
  get address(): PlatformAddress {
    if (this.#address) return this.#address
    this.#address = findPlatform({ ...this.globals, env: this.io.env, cwd: this.io.cwd })
    const { before, control } = this.#address
    if (before !== undefined)
      this.output.note(`note: this goes to ${control}, the platform of ${before}; FAIRLEAD_URL and FAIRLEAD_TOKEN do not count beside it`)
    return this.#address
  }

  /** The platform's control API. */
  get control(): Control {
    const { control, token } = this.address
    return createControl({ url: control, token })
  }

  /** The platform's prediction API. */
  async client(apiKey: string | undefined): Promise<Client> {
    const http = await this.predictionsAddress()
    return createClient({ url: http, apiKey })
  }

  /** Asks before something is lost. With `--yes` it does not ask; without a terminal, or after another answer than yes, throws `not-confirmed`. */
  async confirm(question: string): Promise<void> {
    if (this.globals.yes) return
    if (!this.io.stdin.isTTY || !this.io.stderr.isTTY)
      throw new FairleadError('not-confirmed', `${question} There is nobody to ask; add --yes to do it without being asked.`)
    const prompt = createInterface({ input: this.io.stdin, output: process.stderr })
    const answer = await prompt.question(`${question} [y/N] `).finally(() => prompt.close())
    if (!/^y(es)?$/i.test(answer.trim())) throw new FairleadError('not-confirmed', 'Nothing was changed.')
  }

  /** Address of predictions over HTTP. Throws `unreachable` where what answers is no control port. */
  async predictionsAddress(): Promise<string> {
    const { http, control } = this.address
    if (http !== undefined) return http
    const { addresses } = await this.control.call('getStatus')
    // any server may stand at that address
    if (typeof addresses?.http === 'string') return addresses.http
    throw new FairleadError('unreachable', `${control} tells no address of predictions; is it the control port?`)
  }
}
