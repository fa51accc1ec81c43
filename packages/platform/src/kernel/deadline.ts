/** Milliseconds left until `deadline` (milliseconds since 1970), never below 0. */
export function remainingMs(deadline: number, now: number = Date.now()): number {
  return Math.max(0, deadline - now)
}

/**
 * What `work` settles with, unless `ms` pass first: then rejects with what `late()` makes, and aborts the signal that `work` was given.
 * The timer does not keep the process alive.
 */
export async function within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>, late: () => Error): Promise<T> {
  const abort = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = late()
      reject(error)
      abort.abort(error)
    }, ms)
    timer.unref()
  })
  try {
    return await Promise.race([work(abort.signal), timeout])
  } finally {
    clearTimeout(timer)
  }
}
