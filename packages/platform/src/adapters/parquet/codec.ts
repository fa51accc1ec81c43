import type { TableCodec } from '../../domain/inference/index.ts'
import { readParquet } from './read.ts'
import { writeParquet } from './write.ts'

export const parquetCodec: TableCodec = { read: readParquet, write: writeParquet }
