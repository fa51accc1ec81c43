import type { Socket } from 'node:net'

/**
 * Counts answers that wait for their clients to take them. When all together are more than the limit, the connection that has kept one waiting
 * longest is cut: who reads has an answer in no time, and who does not must not fill the memory.
 */
export class UnreadAnswers {
  readonly #limit: number
  /** Bytes of each connection, those that wait longest first. */
  readonly #waiting = new Map<Socket, number>()
  #bytes = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** An answer of so many bytes waits; one that is alone may be as large as it is. */
  add(socket: Socket, bytes: number): void {
    this.delete(socket)
    this.#waiting.set(socket, bytes)
    this.#bytes += bytes
    for (const oldest of this.#waiting.keys()) {
      if (this.#bytes <= this.#limit || oldest === socket) return
      this.delete(oldest)
      oldest.destroy()
    }
  }

  /** It was taken, or the connection is gone. */
  delete(socket: Socket): void {
    this.#bytes -= this.#waiting.get(socket) ?? 0
    this.#waiting.delete(socket)
  }
}
