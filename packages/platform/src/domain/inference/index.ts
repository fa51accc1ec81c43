export { valueWriter } from './answers.ts'
export { type Refusal, setterOf } from './column-values.ts'
export type { DesiredState, ObservedReport, ReleaseObserver } from './desired.ts'
export {
  type DeploymentView,
  Inference,
  type InferenceOptions,
} from './inference.ts'
export { type LoaderOptions, ReleaseLoader } from './load.ts'
export { float32Text, halfToNumber } from './number-text.ts'
export type { RowLayout } from './rows.ts'
export { ServingRelease } from './serving-release.ts'
export { allocate, bytesOf, shapeFault, sizeOf } from './tensors.ts'
export * from './types.ts'
export { serveSessions } from './worker.ts'
export type { ModelThread } from './worker-thread.ts'
