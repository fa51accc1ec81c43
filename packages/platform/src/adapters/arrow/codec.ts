import type { TableCodec } from '../../domain/inference/index.ts'
import { readArrow } from './read.ts'
import { writeArrow } from './write.ts'

function codec(format: 'stream' | 'file'): TableCodec {
  return { read: readArrow, write: (columns, rows, facts) => writeArrow(columns, { rows, facts, format }) }
}

export const streamCodec = codec('stream')
export const fileCodec = codec('file')
