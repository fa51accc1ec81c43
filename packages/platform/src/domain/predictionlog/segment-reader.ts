import { open } from 'node:fs/promises'
import { FRAME_HEAD, readFrame } from './block.ts'

/** A whole block of a segment. */
export interface ReadBlock {
  at: number
  payload: Buffer
}

/** Whole blocks from a position on. */
export interface Slice {
  blocks: ReadBlock[]
  /** Where reading goes on. */
  to: number
  /** What lies there: `more` blocks, the `end` mark, the `tail` of the file (nothing, or a torn block), or a `bad` block. */
  next: 'more' | 'end' | 'tail' | 'bad'
  /** Bytes between `to` and the end of the file. */
  rest: number
}

/** Reads whole blocks from `from`, about `budget` bytes of them, at least one if there is one. */
export async function readSlice(path: string, from: number, budget: number): Promise<Slice> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    for (let wanted = budget; ; wanted *= 4) {
      const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(wanted, size - from)))
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, from)
      const slice = parse(bytes.subarray(0, bytesRead), from, size)
      if (slice.blocks.length > 0 || slice.next !== 'more') return slice
    }
  } finally {
    await handle.close()
  }
}

function parse(bytes: Buffer, from: number, size: number): Slice {
  const blocks: ReadBlock[] = []
  let at = 0
  const done = (next: Slice['next']): Slice => ({ blocks, to: from + at, next, rest: size - from - at })
  for (;;) {
    const frame = readFrame(bytes, at)
    if (frame.kind === 'bad') return done('bad')
    if (frame.kind === 'end') return done('end')
    if (frame.kind === 'torn') return done(isCutShort(bytes, at, size - from) ? 'tail' : 'more')
    blocks.push({ at: from + at, payload: frame.payload })
    at = frame.end
  }
}

/** Whether the frame at `at` ends behind the end of the file, and not only behind the bytes that were read. */
function isCutShort(bytes: Buffer, at: number, available: number): boolean {
  if (bytes.length >= available) return true
  if (bytes.length - at < FRAME_HEAD) return false
  return at + FRAME_HEAD + bytes.readUInt32LE(at + 4) > available
}
