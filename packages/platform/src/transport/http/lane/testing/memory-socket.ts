import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** A connection without a network: what is fed comes out as if a client had sent it; what is written is thrown away. */
export class MemorySocket extends Duplex {
  constructor() {
    super({ allowHalfOpen: true, read() {}, write: (_chunk, _encoding, done) => done() })
  }

  /** The client sends this. */
  feed(bytes: Uint8Array): void {
    // a copy, as a socket gives one: nobody may count on what lies around it
    if (!this.destroyed) this.push(Buffer.from(bytes))
  }

  destroySoon(): void {
    this.end(() => this.destroy())
  }

  /** As what the port expects. The lane and `node:http` take any stream with these methods. */
  asSocket(): Socket {
    return this as unknown as Socket
  }
}
