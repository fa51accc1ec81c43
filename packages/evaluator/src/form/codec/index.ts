export { isUndamaged } from './container.ts'
export { decodeForm } from './decode.ts'
export { digestForm } from './digest.ts'
export { encodeForm } from './encode.ts'
