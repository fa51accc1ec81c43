/** Many readers or one writer, in order of arrival. Readers see no half-finished exchange of files. */
export class Gate {
  #tail: Promise<unknown> = Promise.resolve()
  #readers: Promise<unknown>[] = []

  /** Runs `work` beside other readers. */
  shared<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#tail.then(work)
    const settled = run.catch(() => undefined)
    this.#readers.push(settled)
    settled.then(() => {
      this.#readers = this.#readers.filter((r) => r !== settled)
    })
    return run
  }

  /** Runs `work` alone: after all who came before, before all who come later. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const before = [this.#tail, ...this.#readers]
    const run = Promise.all(before).then(work)
    this.#tail = run.catch(() => undefined)
    return run
  }
}
