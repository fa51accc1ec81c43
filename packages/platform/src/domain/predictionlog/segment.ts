import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** A segment being written. Each process writes its own; calls do not overlap. */
export interface SegmentFile {
  /** Appends whole frames; answers when the operating system has them. */
  write(bytes: Uint8Array[]): Promise<void>
  /** Puts everything written on the disk. */
  sync(): Promise<void>
  /** Cuts the file at `length` bytes. */
  truncate(length: number): Promise<void>
  close(): Promise<void>
  /** Removes the file. */
  discard(): Promise<void>
}

/** Makes new segments. */
export interface SegmentFiles {
  /** Makes `<id>.<writer>.seg`, empty; fails when it exists. */
  create(id: string, writer: string): Promise<SegmentFile>
}

const SEGMENT_NAME = /^([0-9a-f-]{36})\.([A-Za-z0-9_-]{1,64})\.seg$/

/** The parts of a segment's file name; undefined for other files. */
export function parseSegmentName(name: string): { id: string; writer: string } | undefined {
  const match = SEGMENT_NAME.exec(name)
  return match ? { id: match[1]!, writer: match[2]! } : undefined
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function segmentFile(handle: FileHandle, path: string): SegmentFile {
  return {
    async write(bytes) {
      const wanted = bytes.reduce((sum, b) => sum + b.byteLength, 0)
      const one = bytes.length === 1 ? bytes[0]! : Buffer.concat(bytes, wanted)
      let at = 0
      // A nearly full disk takes a part without an error; the rest then fails with ENOSPC.
      while (at < wanted) at += (await handle.write(one, at, wanted - at)).bytesWritten
    },
    sync: () => handle.datasync(),
    truncate: (length) => handle.truncate(length),
    close: () => handle.close(),
    discard: () => rm(path, { force: true }),
  }
}

/** Segments in a local folder. */
export function localSegments(folder: string): SegmentFiles {
  return {
    async create(id, writer) {
      await mkdir(folder, { recursive: true })
      const path = join(folder, `${id}.${writer}.seg`)
      const handle = await open(path, 'ax', 0o600)
      await syncFolder(folder)
      return segmentFile(handle, path)
    },
  }
}
