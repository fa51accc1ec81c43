import type { TableFormat } from '../../domain/inference/index.ts'

/** Arrow IPC as a stream and as a file. The code behind them is loaded when the first one comes. */
export const arrowFormats: readonly TableFormat[] = [
  { mediaType: 'application/vnd.apache.arrow.stream', open: async () => (await import('./codec.ts')).streamCodec },
  { mediaType: 'application/vnd.apache.arrow.file', open: async () => (await import('./codec.ts')).fileCodec },
]
