import { FairleadError } from '@fairlead/contract'
import type { OnnxTensor } from './model.ts'
import { invalidFile, type WireReader } from './protobuf.ts'

/** Room for what is kept of one file, in units of some 50 bytes: enough for a graph of some fifty thousand nodes. */
export const ROOM = 2_000_000
/** Longest name, in bytes. */
export const NAME_LIMIT = 4096
/** Longest description or metadata entry that is kept, in bytes; the rest is left out. */
const TEXT_LIMIT = 40_000
/** Bytes of text that fill one unit. */
const UNIT_BYTES = 64

/** Units that each kind of thing takes beside its names. */
export const COST = { node: 8, tensor: 8, value: 8, graph: 8, function: 8, attribute: 5, entry: 2, dimension: 1 } as const

/** What is kept while one file is read, and the room that is left for it: a byte of a file can ask for a thousand times its size in memory. */
export class Reading {
  /** Every tensor met, wherever it stands, whose values lie in another file. */
  readonly external: OnnxTensor[] = []
  #room = ROOM

  /** Takes room for one more thing of the graph. Throws FairleadError `model-too-large` when there is none. */
  take(units: number): void {
    this.#room -= units
    if (this.#room < 0) throw new FairleadError('model-too-large', 'it has more nodes, tensors, values and names than are read of one file')
  }

  /** The current field as a name. */
  name(reader: WireReader): string {
    const length = reader.to - reader.from
    if (length > NAME_LIMIT) throw invalidFile(`a name has ${length} bytes; at most ${NAME_LIMIT} are read`, reader.from)
    this.take(1 + Math.floor(length / UNIT_BYTES))
    return reader.text()
  }

  /** The beginning of the current field as text for people. */
  text(reader: WireReader): string {
    const text = reader.text(TEXT_LIMIT)
    this.take(1 + Math.floor(text.length / UNIT_BYTES))
    return text
  }
}
