import { crc32 } from '../form/codec/crc32.ts'
import { UnreadableModel } from '../unreadable.ts'
import { inflate, inflateHead } from './inflate.ts'

const END = 0x06054b50
const END64 = 0x06064b50
const END64_LOCATOR = 0x07064b50
const CENTRAL = 0x02014b50
const LOCAL = 0x04034b50
const LONGEST_COMMENT = 65_535
const STORED = 0
const DEFLATED = 8
/** A file may unpack to this much more than it is, or to `LEAST_TOTAL` if that is more: real models shrink to a tenth. */
const MOST_TIMES = 40
const LEAST_TOTAL = 16 << 20
const MOST_TOTAL = 2 ** 31 - 1
/** Unpacking the same members again and again may come to so many times all that they are, and this. */
const MOST_READS = 3
const FREE_READS = 4 << 20
const MOST_MEMBERS = 1_000_000

/** A file of an archive, as its directory describes it. */
export interface Member {
  readonly name: string
  /** Bytes it unpacks to. */
  readonly size: number
  readonly packed: number
  readonly method: number
  readonly crc: number
  /** Where its local header stands. */
  readonly offset: number
}

/**
 * The members of a zip archive, unpacked one by one when they are asked for. Everything is checked before anything is
 * unpacked: names that climb or are given twice, members that overlap, sizes beyond what the archive's own bytes can
 * justify, encryption and packing that is neither stored nor deflate are refused (APPNOTE 6.3.10).
 */
export class Zip {
  private readonly bytes: Uint8Array
  private readonly view: DataView
  private readonly members = new Map<string, Member>()
  /** Bytes that may still be unpacked. */
  private left = FREE_READS

  /** Throws UnreadableModel for what is no sound archive. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.readDirectory()
    this.checkSizes()
  }

  /** Whether bytes begin as a zip archive does. */
  static looksLike(bytes: Uint8Array): boolean {
    return bytes.length > 4 && bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5)
  }

  names(): readonly string[] {
    return [...this.members.keys()]
  }

  has(name: string): boolean {
    return this.members.has(name)
  }

  /** A member unpacked, its checksum compared; a stored one is a view of the archive. Throws UnreadableModel. */
  read(name: string): Uint8Array {
    const member = this.member(name)
    const start = this.dataStart(member)
    const packed = this.bytes.subarray(start, start + member.packed)
    this.left -= member.size
    if (this.left < 0) throw new UnreadableModel('too-large', name, 'members of the archive are asked for too often')
    const data = member.method === STORED ? packed : inflate(packed, member.size, name)
    if (crc32(data) !== member.crc) throw new UnreadableModel('malformed', name, 'its checksum does not match its bytes')
    return data
  }

  /** Bytes that a member unpacks to. Throws UnreadableModel where there is none. */
  sizeOf(name: string): number {
    return this.member(name).size
  }

  /** The first so many bytes of a member, or all: neither its checksum nor what follows is looked at. Throws UnreadableModel. */
  head(name: string, most: number): Uint8Array {
    const member = this.member(name)
    const start = this.dataStart(member)
    const packed = this.bytes.subarray(start, start + member.packed)
    const size = Math.min(most, member.size)
    return member.method === STORED ? packed.subarray(0, size) : inflateHead(packed, size, name)
  }

  private member(name: string): Member {
    const member = this.members.get(name)
    if (member === undefined) throw new UnreadableModel('malformed', name, 'the archive has no such member')
    return member
  }

  private broken(what: string, where = 'the zip archive'): UnreadableModel {
    return new UnreadableModel('malformed', where, what)
  }

  private u64(at: number): number {
    const value = this.view.getUint32(at, true) + this.view.getUint32(at + 4, true) * 2 ** 32
    if (value > Number.MAX_SAFE_INTEGER) throw this.broken('a size or position beyond any file')
    return value
  }

  /** Position, length and number of entries of the central directory. */
  private findDirectory(): { start: number; length: number; entries: number; end: number } {
    const last = this.bytes.length - 22
    let at = last
    while (at >= 0 && at >= last - LONGEST_COMMENT && this.view.getUint32(at, true) !== END) at -= 1
    if (at < 0 || at < last - LONGEST_COMMENT) throw this.broken('it has no directory: the file is cut off, or no zip archive')
    const found = {
      entries: this.view.getUint16(at + 10, true),
      length: this.view.getUint32(at + 12, true),
      start: this.view.getUint32(at + 16, true),
      end: at,
    }
    if (found.entries < 0xffff && found.length < 0xffffffff && found.start < 0xffffffff) return found
    const locator = at - 20
    if (locator < 0 || this.view.getUint32(locator, true) !== END64_LOCATOR) return found
    const end64 = this.u64(locator + 8)
    if (end64 + 56 > locator || this.view.getUint32(end64, true) !== END64) throw this.broken('its large directory is not where it says')
    return { entries: this.u64(end64 + 32), length: this.u64(end64 + 40), start: this.u64(end64 + 48), end: end64 }
  }

  private readDirectory(): void {
    const { start, length, entries, end } = this.findDirectory()
    if (start + length > end) throw this.broken('its directory reaches beyond the file')
    if (entries > MOST_MEMBERS || entries * 46 > length) throw this.broken(`it cannot have ${entries} members in a directory of ${length} bytes`)
    let at = start
    for (let i = 0; i < entries; i += 1) {
      if (at + 46 > end || this.view.getUint32(at, true) !== CENTRAL) throw this.broken(`entry ${i} of its directory is broken`)
      const next = at + 46 + this.view.getUint16(at + 28, true) + this.view.getUint16(at + 30, true) + this.view.getUint16(at + 32, true)
      if (next > end) throw this.broken(`entry ${i} of its directory is cut off`)
      this.addMember(this.readMember(at))
      at = next
    }
  }

  private readMember(at: number): Member {
    const { view } = this
    const length = view.getUint16(at + 28, true)
    const name = decodeName(this.bytes.subarray(at + 46, at + 46 + length))
    if ((view.getUint16(at + 8, true) & 1) !== 0) throw new UnreadableModel('unsupported', name, 'the member is encrypted')
    const fields = { size: view.getUint32(at + 24, true), packed: view.getUint32(at + 20, true), offset: view.getUint32(at + 42, true) }
    this.widen(fields, at + 46 + length, view.getUint16(at + 30, true))
    const method = view.getUint16(at + 10, true)
    if (method !== STORED && method !== DEFLATED) throw new UnreadableModel('unsupported', name, `packed by method ${method}; only stored and deflate are read`)
    if (method === STORED && fields.size !== fields.packed) throw this.broken('a stored member with two sizes', name)
    return { name, method, crc: view.getUint32(at + 16, true), ...fields }
  }

  /** Sizes beyond 32 bits stand in an extra field, in this order, each only where its own field is full. */
  private widen(fields: { size: number; packed: number; offset: number }, start: number, length: number): void {
    for (let at = start; at + 4 <= start + length; ) {
      const size = this.view.getUint16(at + 2, true)
      if (this.view.getUint16(at, true) === 1) {
        let from = at + 4
        for (const key of ['size', 'packed', 'offset'] as const) {
          if (fields[key] !== 0xffffffff || from + 8 > at + 4 + size || from + 8 > start + length) continue
          fields[key] = this.u64(from)
          from += 8
        }
      }
      at += 4 + size
    }
  }

  private addMember(member: Member): void {
    const { name } = member
    const parts = name.split('/')
    if (name === '' || name.startsWith('/') || name.includes('\\') || name.includes('\0') || /^[a-zA-Z]:/.test(name) || parts.includes('..'))
      throw this.broken('a name that leaves the archive', JSON.stringify(name))
    if (this.members.has(name)) throw this.broken('the archive has this name twice', name)
    this.members.set(name, member)
  }

  private checkSizes(): void {
    const most = Math.min(MOST_TOTAL, Math.max(LEAST_TOTAL, this.bytes.length * MOST_TIMES))
    let total = 0
    for (const member of this.members.values()) {
      total += member.size
      if (total > most) throw new UnreadableModel('too-large', member.name, `the archive unpacks to more than ${most} bytes`)
    }
    this.left += MOST_READS * total
    let free = 0
    for (const member of [...this.members.values()].sort((a, b) => a.offset - b.offset)) {
      if (member.offset < free) throw this.broken('it shares its bytes with another member', member.name)
      free = this.dataStart(member) + member.packed
      if (free > this.bytes.length) throw this.broken('it reaches beyond the archive', member.name)
    }
  }

  private dataStart(member: Member): number {
    const at = member.offset
    if (at + 30 > this.bytes.length || this.view.getUint32(at, true) !== LOCAL) throw this.broken('it is not where the directory says', member.name)
    const length = this.view.getUint16(at + 26, true)
    const name = this.bytes.subarray(at + 30, at + 30 + length)
    if (decodeName(name) !== member.name) throw this.broken('its own header has another name', member.name)
    return at + 30 + length + this.view.getUint16(at + 28, true)
  }
}

function decodeName(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
