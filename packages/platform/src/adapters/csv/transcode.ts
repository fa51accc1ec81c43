import type { Transcoder } from '../../kernel/byte-window.ts'

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'latin1' | 'windows-1252'

const MARKS: readonly { name: Encoding; bytes: readonly number[] }[] = [
  { name: 'utf-8', bytes: [0xef, 0xbb, 0xbf] },
  { name: 'utf-16le', bytes: [0xff, 0xfe] },
  { name: 'utf-16be', bytes: [0xfe, 0xff] },
]

/** The encoding of a file: what was said, else what its byte order mark says, else UTF-8; and how long the mark is. */
export function encodingOf(head: Uint8Array, asked: Encoding | undefined): { name: Encoding; mark: number } {
  const found = MARKS.find(({ bytes }) => bytes.every((byte, i) => head[i] === byte))
  const name = asked ?? found?.name ?? 'utf-8'
  return { name, mark: found?.name === name ? found.bytes.length : 0 }
}

/** What makes UTF-8 of an encoding; `undefined` where there is nothing to do. A mark is left out. */
export function transcoderOf(encoding: Encoding): Transcoder | undefined {
  if (encoding === 'utf-8') return undefined
  const decoder = new TextDecoder(encoding === 'latin1' ? 'windows-1252' : encoding)
  return (bytes, last) => Buffer.from(decoder.decode(bytes, { stream: !last }))
}
