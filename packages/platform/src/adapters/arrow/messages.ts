import { FlatTable, malformed } from './flatbuffer.ts'

const MAGIC = Buffer.from('ARROW1')
const CONTINUES = 0xffffffff

/** One message of an Arrow stream: its header by kind, and the bytes that follow. */
export interface Message {
  kind: 'schema' | 'dictionary' | 'batch'
  header: FlatTable
  body: Uint8Array
}

const KINDS: Readonly<Record<number, Message['kind']>> = { 1: 'schema', 2: 'dictionary', 3: 'batch' }

/**
 * The messages of an Arrow IPC stream, one after the other; of a file, those of the stream that it holds. Throws `table-invalid`
 * where the bytes end within a message or are none. Source: https://arrow.apache.org/docs/format/Columnar.html
 */
export function* readMessages(bytes: Uint8Array): Generator<Message> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = MAGIC.equals(bytes.subarray(0, MAGIC.length)) ? 8 : 0
  while (at + 4 <= bytes.length) {
    let length = view.getUint32(at, true)
    at += 4
    if (length === CONTINUES) {
      if (at + 4 > bytes.length) throw malformed('it ends within a message')
      length = view.getUint32(at, true)
      at += 4
    }
    if (length === 0) return
    if (length > bytes.length - at) throw malformed('it ends within the metadata of a message')
    const message = FlatTable.root(bytes.subarray(at, at + length))
    at += length
    const bodyLength = message.size(3)
    if (bodyLength > bytes.length - at) throw malformed('it ends within the body of a message')
    const kind = KINDS[message.uint8(1, 0)]
    const header = message.table(2)
    if (kind === undefined || header === undefined) throw malformed('a message is neither schema, dictionary nor batch')
    yield { kind, header, body: bytes.subarray(at, at + bodyLength) }
    at += bodyLength
  }
  if (at < bytes.length) throw malformed('it ends within a message')
}
