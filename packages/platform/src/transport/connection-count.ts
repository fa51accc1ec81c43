/** How many connections a port takes. */
export interface ConnectionLimits {
  /** Of all clients together. */
  connections: number
  /** Of one address, this machine's apart, which all that comes through a proxy here has. */
  connectionsPerAddress: number
}

const LOOPBACK = /^(::ffff:)?127\.|^::1$/

/** Whether an address is one of this machine's own. */
export function isThisMachine(address: string): boolean {
  return LOOPBACK.test(address)
}

/** Counts open connections, of all and of each address. */
export class ConnectionCount {
  readonly #limits: ConnectionLimits
  readonly #byAddress = new Map<string, number>()
  #open = 0
  #refused = 0

  constructor(limits: ConnectionLimits) {
    this.#limits = limits
  }

  /** Connections that were refused so far. */
  get refused(): number {
    return this.#refused
  }

  /** Counts a connection; false when it is one too many, and then it counts as refused. */
  take(address: string): boolean {
    const { connections, connectionsPerAddress } = this.#limits
    const same = this.#byAddress.get(address) ?? 0
    if (this.#open >= connections || (same >= connectionsPerAddress && !isThisMachine(address))) {
      this.#refused++
      return false
    }
    this.#open++
    this.#byAddress.set(address, same + 1)
    return true
  }

  /** A connection that was taken has ended. */
  give(address: string): void {
    this.#open--
    const left = (this.#byAddress.get(address) ?? 0) - 1
    if (left > 0) this.#byAddress.set(address, left)
    else this.#byAddress.delete(address)
  }
}
