export { FileBlobStore } from './blobs.ts'
export { materialise } from './materialise.ts'
