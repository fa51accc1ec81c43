import { inflateUpTo } from '../archive/inflate.ts'
import { Zip } from '../archive/zip.ts'
import { type Judgement, judgeImport, type Verdict } from '../imports/judge.ts'
import { UnreadableModel } from '../unreadable.ts'
import { skipArray } from './joblib.ts'
import { Machine, UNKNOWN_NAME } from './machine.ts'
import { Broken, Reader } from './reader.ts'
import type { Import } from './values.ts'

const MOST_UNPACKED = 1 << 30
const DEEPEST = 50
const MOST_STREAMS = 1000

/** A name that a pickle imports, as it would be looked up by whoever loads it. */
export interface PickleImport extends Judgement {
  readonly module: string
  readonly name: string
  /** How it is imported: `GLOBAL`, `STACK_GLOBAL`, `INST`, `EXT`. */
  readonly opcode: string
  readonly count: number
  /** Whether it is called, too. */
  readonly called: boolean
}

/** One pickle of a file. */
export interface PickleStream {
  /** Member of an archive; '' for the file itself. */
  readonly where: string
  /** Byte that it starts at. */
  readonly start: number
  readonly protocol: number
  /** How often each opcode stands there. */
  readonly opcodes: Readonly<Record<string, number>>
  /** Calls of what no import names, which can be anything. */
  readonly indirect: number
  readonly persistent: number
  /** Where and why it cannot be read to its end. What comes before may run all the same. */
  readonly broken?: { readonly at: number; readonly what: string }
}

export interface PickleScan {
  readonly container: 'pickle' | 'zip' | 'gzip' | 'zlib'
  readonly streams: readonly PickleStream[]
  /** Every import of all streams, dangerous ones first. */
  readonly imports: readonly PickleImport[]
  /** The worst of what was found. */
  readonly verdict: Verdict
  /** What else speaks against the file, in words. */
  readonly findings: readonly string[]
}

/**
 * Lists what a pickle would import and call if it were loaded, without loading it: plain pickles of every protocol, files
 * of joblib with their arrays, PyTorch's archives, and gzip or zlib around them. A broken pickle is no error but a finding:
 * what stands before the break runs all the same.
 *
 * @throws UnreadableModel for archives that are unsound, unpack to too much, or are packed in a way that is not read
 */
export function scanPickle(bytes: Uint8Array): PickleScan {
  const { container, parts } = unpack(bytes)
  const found: Machine[] = []
  const streams = parts.flatMap(({ where, data }) => scanStreams(where, data, found))
  const imports = gather(found)
  const findings = [
    ...streams.flatMap(({ where, broken }) =>
      broken === undefined ? [] : [`${where === '' ? 'the pickle' : where} is broken at byte ${broken.at}: ${broken.what}`],
    ),
    ...(streams.some(({ indirect }) => indirect > 0) ? ['it calls what another call gave, which can be anything'] : []),
    ...(streams.length === 0 ? ['no pickle was found in it'] : []),
  ]
  const isWorse = streams.some(({ indirect }) => indirect > 0) || imports.some(({ verdict }) => verdict === 'dangerous')
  const isUnknown = findings.length > 0 || imports.some(({ verdict }) => verdict === 'unknown')
  return { container, streams, imports, verdict: isWorse ? 'dangerous' : isUnknown ? 'unknown' : 'known', findings }
}

function unpack(bytes: Uint8Array): { container: PickleScan['container']; parts: { where: string; data: Uint8Array }[] } {
  if (Zip.looksLike(bytes)) {
    const zip = new Zip(bytes)
    const names = zip.names().filter((name) => /\.(pkl|pickle|p|joblib|pt|pth|bin)$/i.test(name))
    return { container: 'zip', parts: names.map((where) => ({ where, data: zip.read(where) })) }
  }
  const [first = 0, second = 0, third = 0] = bytes
  if (first === 0x1f && second === 0x8b)
    return { container: 'gzip', parts: [{ where: '', data: inflateUpTo(bytes.subarray(gzipHeader(bytes)), MOST_UNPACKED, 'gzip') }] }
  if (first === 0x78 && ((first << 8) | second) % 31 === 0)
    return { container: 'zlib', parts: [{ where: '', data: inflateUpTo(bytes.subarray(2), MOST_UNPACKED, 'zlib') }] }
  const packed =
    first === 0x42 && second === 0x5a && third === 0x68
      ? 'bzip2'
      : first === 0xfd && second === 0x37
        ? 'xz'
        : first === 0x04 && second === 0x22 && third === 0x4d
          ? 'lz4'
          : first === 0x5d && second === 0
            ? 'lzma'
            : undefined
  if (packed !== undefined) throw new UnreadableModel('unsupported', '', `it is packed with ${packed}, which is not read: unpack it first`)
  return { container: 'pickle', parts: [{ where: '', data: bytes }] }
}

/** Length of a gzip header (RFC 1952). */
function gzipHeader(bytes: Uint8Array): number {
  const flags = bytes[3] ?? 0
  let at = 10
  if ((flags & 4) !== 0) at += 2 + ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8))
  for (const flag of [8, 16]) if ((flags & flag) !== 0) at = bytes.indexOf(0, at) + 1 || bytes.length
  return at + ((flags & 2) !== 0 ? 2 : 0)
}

/** The pickles of some bytes, one after another as PyTorch once wrote them. What they import is added to `found`. */
function scanStreams(where: string, data: Uint8Array, found: Machine[]): PickleStream[] {
  const streams: PickleStream[] = []
  const reader = new Reader(data)
  do {
    const start = reader.at
    const machines: Machine[] = []
    const broken = follow(reader, machines)
    found.push(...machines)
    for (const machine of machines)
      streams.push({
        where,
        start,
        protocol: machine.protocol,
        opcodes: machine.opcodes,
        indirect: machine.indirect,
        persistent: machine.persistent,
        ...(broken === undefined ? {} : { broken }),
      })
    if (broken !== undefined) break
  } while (reader.left > 1 && data[reader.at] === 0x80 && streams.length < MOST_STREAMS)
  return streams
}

/** Follows one pickle, and those that joblib puts inside it for arrays of objects, to its end. */
function follow(reader: Reader, machines: Machine[]): PickleStream['broken'] {
  const open = [new Machine(reader)]
  machines.push(open[0] as Machine)
  let at = reader.at
  try {
    for (let machine = open.at(-1); machine !== undefined; machine = open.at(-1)) {
      at = reader.at
      const name = machine.step()
      if (machine.done) open.pop()
      else if (name === 'BUILD' && skipArray(reader, machine.top) === 'pickle') {
        if (open.length >= DEEPEST || machines.length >= MOST_STREAMS) throw new Broken('pickles inside pickles too deep')
        const inner = new Machine(reader)
        open.push(inner)
        machines.push(inner)
      }
    }
    return undefined
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    return { at, what: error.message }
  }
}

const ORDER: Readonly<Record<Verdict, number>> = { dangerous: 0, unknown: 1, known: 2 }

function gather(machines: readonly Machine[]): PickleImport[] {
  const all = new Map<string, PickleImport>()
  for (const machine of machines) {
    for (const [key, one] of machine.imports) {
      const before = all.get(key)
      all.set(key, {
        module: one.module,
        name: one.name,
        opcode: one.opcode,
        count: (before?.count ?? 0) + one.count,
        called: one.called || before?.called === true,
        ...judge(one),
      })
    }
  }
  return [...all.values()].sort((a, b) => ORDER[a.verdict] - ORDER[b.verdict] || (`${a.module}.${a.name}` < `${b.module}.${b.name}` ? -1 : 1))
}

function judge({ module, name, opcode }: Import): Judgement {
  if (module === UNKNOWN_NAME || opcode === 'EXT') return { verdict: 'dangerous', reason: 'a name that is only known when it is loaded' }
  return judgeImport(module, name)
}
