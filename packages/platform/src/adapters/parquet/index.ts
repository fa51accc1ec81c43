import type { TableFormat } from '../../domain/inference/index.ts'

/** Parquet. The code behind it is loaded when the first file comes. */
export const parquetFormat: TableFormat = { mediaType: 'application/vnd.apache.parquet', open: async () => (await import('./codec.ts')).parquetCodec }
