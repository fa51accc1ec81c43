import type { BatchSource } from '../../domain/batch/index.ts'
import { csvFacts } from './facts.ts'
import { CsvReader } from './reader.ts'

export { csvTarget } from './target.ts'

/** CSV (RFC 4180): any of the usual delimiters, with or without a header, in UTF-8 or what its byte order mark says. */
export const csvSource: BatchSource = {
  describe: async (file, options) => csvFacts(file, options),
  open: (ask) => new CsvReader(ask),
}
