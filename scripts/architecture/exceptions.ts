/** An exception to a rule of the architecture test, by file, with its reason. */
export type Exceptions = Readonly<Record<string, string>>

/** Files with a default export. */
export const DEFAULT_EXPORTS: Exceptions = {
  'packages/console/vite.config.ts': 'Vite reads its configuration from the default export.',
}

/** Files outside `config` that touch `process.env`. */
export const ENVIRONMENT: Exceptions = {
  'packages/platform/src/adapters/onnx/telemetry.ts': 'It sets ORT_DISABLE_TELEMETRY, which ONNX Runtime reads when the library is loaded.',
}

/** Source files over 500 lines. */
export const LONG_FILES: Exceptions = {
  'packages/platform/src/transport/grpc/generated/open_inference_grpc_pb.ts': 'It is generated from the .proto file beside it, see proto/buf.gen.yaml.',
}

/** Import cycles that may stay: the key names the files of the cycle in order, joined by ` → `. */
export const CYCLES: Exceptions = {}
