import { UnreadableModel } from '../../unreadable.ts'
import { crc32 } from './crc32.ts'

/**
 * The frame of a serialised form, all numbers little-endian:
 *
 *     0  8  the magic: 89 46 4f 52 4d 0d 0a 1a ("FORM" between what text transfers spoil)
 *     8  4  version of the container
 *    12  4  bytes of the head
 *    16  8  bytes of the whole file
 *    24  4  CRC-32 of all after the frame
 *    28  4  zero
 *    32     the head, JSON in UTF-8; then zeros up to a multiple of 8, and the sections
 */
export const FRAME = 32

const magic = Uint8Array.of(0x89, 0x46, 0x4f, 0x52, 0x4d, 0x0d, 0x0a, 0x1a)
const version = 1

/** Writes the frame before what already stands after it. */
export function writeFrame(bytes: Uint8Array, head: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  bytes.set(magic)
  view.setUint32(8, version, true)
  view.setUint32(12, head, true)
  view.setBigUint64(16, BigInt(bytes.length), true)
  view.setUint32(24, crc32(bytes.subarray(FRAME)), true)
}

/**
 * Checks the frame.
 * @returns bytes of the head
 */
export function readFrame(bytes: Uint8Array): number {
  if (bytes.length < FRAME || magic.some((byte, at) => bytes[at] !== byte)) throw fault('magic', 'this is not a serialised form')
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const written = view.getUint32(8, true)
  if (written !== version) throw new UnreadableModel('unsupported', 'version', `the container has version ${written}; ${version} is read`)
  if (view.getBigUint64(16, true) !== BigInt(bytes.length)) throw fault('length', `says ${view.getBigUint64(16, true)} bytes; there are ${bytes.length}`)
  const head = view.getUint32(12, true)
  if (FRAME + head > bytes.length) throw fault('head', `says ${head} bytes; ${bytes.length - FRAME} are there`)
  if (view.getUint32(28, true) !== 0) throw fault('frame', 'does not end in zeros')
  if (view.getUint32(24, true) !== crc32(bytes.subarray(FRAME))) throw fault('checksum', 'does not fit the bytes: the file is damaged')
  return head
}

function fault(where: string, what: string): UnreadableModel {
  return new UnreadableModel('malformed', where, what)
}

/** Whether bytes are a serialised form as it was written, by its frame and checksum; what it says is not looked at. */
export function isUndamaged(bytes: Uint8Array): boolean {
  try {
    readFrame(bytes)
    return true
  } catch {
    return false
  }
}
