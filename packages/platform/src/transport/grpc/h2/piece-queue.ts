/** Smaller pieces are joined, because each has a cost beside its bytes. */
const SMALL = 4096
const ROOM = 16 * 1024

/** Pieces that wait, in their order. Many small ones take no more room than few large ones. */
export class PieceQueue {
  readonly #pieces: Buffer[] = []
  #room: Buffer | undefined
  #filled = 0
  /** Bytes that wait. */
  bytes = 0

  push(piece: Buffer): void {
    if (piece.length === 0) return
    this.bytes += piece.length
    if (piece.length >= SMALL) {
      this.#close()
      this.#pieces.push(piece)
      return
    }
    if (this.#room && this.#filled + piece.length > ROOM) this.#close()
    this.#room ??= Buffer.allocUnsafeSlow(ROOM)
    piece.copy(this.#room, this.#filled)
    this.#filled += piece.length
  }

  shift(): Buffer | undefined {
    if (this.#pieces.length === 0) this.#close()
    const piece = this.#pieces.shift()
    this.bytes -= piece?.length ?? 0
    return piece
  }

  #close(): void {
    if (this.#room) this.#pieces.push(this.#room.subarray(0, this.#filled))
    this.#room = undefined
    this.#filled = 0
  }
}
