import type { BatchSource } from '../../domain/batch/index.ts'
import { ndjsonFacts } from './facts.ts'
import { NdjsonReader } from './reader.ts'

export { ndjsonTarget } from './target.ts'

/** NDJSON: an object a line, in UTF-8. */
export const ndjsonSource: BatchSource = {
  describe: async (file, options) => ndjsonFacts(file, options),
  open: (ask) => new NdjsonReader(ask),
}
