export { HpackDecoder } from './decoder.ts'
export { encodeHeaders } from './encoder.ts'
export { HeaderListError, HpackError } from './errors.ts'
export type { Headers } from './header-list.ts'
