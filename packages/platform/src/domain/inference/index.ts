export { AnswersPlan, valueWriter } from './answers.ts'
export { ChecksFailed } from './checks.ts'
export { type Refusal, rangeWords, setterOf } from './column-values.ts'
export {
  type DeploymentView,
  Inference,
  type InferenceOptions,
  type ReleaseObserver,
  type ReleaseReport,
  type WantedState,
} from './inference.ts'
export { type LoaderOptions, ReleaseLoader } from './load.ts'
export { float16Text, float32Text, float64Text, halfToNumber, numberToHalf } from './number-text.ts'
export { placeOf } from './refusals.ts'
export { RowsPlan } from './rows.ts'
export { ReleasePlan, ServingRelease } from './serving-release.ts'
export { TensorInterface } from './tensor-interface.ts'
export { allocate, sizeOf, sliceRows } from './tensors.ts'
export * from './types.ts'
export { serveSessions } from './worker.ts'
export { type ModelThread, WorkerThread } from './worker-thread.ts'
