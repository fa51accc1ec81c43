export { onnxRuntime } from './runtime.ts'
