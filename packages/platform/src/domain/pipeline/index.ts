export { classesOf } from './classes.ts'
export { columnMemory, numbersFor } from './column-memory.ts'
export type { Column, ColumnSpec } from './columns.ts'
export { type Expression, expressionError, parseExpression, parseTime } from './expression/index.ts'
export { type CalibrationData, fitCalibration, isFitted } from './fit/fit-calibration.ts'
export { fitPipeline, type TrainingData } from './fit/fit-pipeline.ts'
export {
  type FeatureAnswer,
  type FeatureKeys,
  FeatureLookup,
  type FeatureService,
  type FeatureValue,
  type LookupOptions,
  lookupFailed,
} from './lookup/index.ts'
export { type CompiledPipeline, type CompiledStep, compilePipeline, isModelAlone } from './pipeline.ts'
export type { AnswerPart, ModelCall, ModelColumn, Phase, TensorSource, WorkingFrame } from './plan.ts'
export { refuseRows } from './step-errors.ts'
export { numbersOf, textsOf } from './values.ts'
