export { type FileBlobOptions, type FileBlobStore, fileBlobs } from './blobs.ts'
export { materialise } from './materialise.ts'
