import { ONNX_SIZE_LIMIT } from '../../model/index.ts'

/** What the registry takes at most. */
export interface RegistryLimits {
  /** Files of one upload. */
  files: number
  /** Bytes of an `.onnx` file: more cannot be read, as protobuf ends at 2 GB. */
  onnxBytes: number
  /** Bytes of any other file. */
  fileBytes: number
  /** Bytes of one upload. */
  uploadBytes: number
  /** Milliseconds after which an upload that was not imported is removed. */
  uploadMs: number
  /** Tags, and metrics, of one model or version. */
  tags: number
}

export const DEFAULT_LIMITS: RegistryLimits = {
  files: 4096,
  onnxBytes: ONNX_SIZE_LIMIT,
  fileBytes: 64 * 2 ** 30,
  uploadBytes: 256 * 2 ** 30,
  uploadMs: 3_600_000,
  tags: 1000,
}
