import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'

const PIECE_BYTES = 2 ** 22

/** Writes a file of bytes and of files, one behind the other, and flushes it. Answers how many rows the parts have. */
export async function joinFiles(
  path: string,
  { head, parts, tail }: { head?: Uint8Array; parts: readonly { path: string; rows: number }[]; tail?: Uint8Array },
): Promise<number> {
  const file = openSync(path, 'w')
  let rows = 0
  try {
    if (head) writeAll(file, head)
    const piece = Buffer.allocUnsafe(PIECE_BYTES)
    for (const part of parts) {
      copy(part.path, file, piece)
      rows += part.rows
      // whoever tells of the progress has a turn
      await new Promise((resolve) => setImmediate(resolve))
    }
    if (tail) writeAll(file, tail)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  return rows
}

function copy(from: string, to: number, piece: Buffer): void {
  const file = openSync(from, 'r')
  try {
    for (let got = readSync(file, piece); got > 0; got = readSync(file, piece)) writeAll(to, piece.subarray(0, got))
  } finally {
    closeSync(file)
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
}
