export {
  askedTexts,
  CannotRun,
  type CompileOptions,
  compile,
  type InputData,
  type OutputData,
  type Predictor,
  type TableColumn,
  TextPositions,
  WrongInput,
} from './engine/index.ts'
export {
  type Explainer,
  type ExplainOptions,
  explainBytes,
  explainer,
  type ModelRows,
  type Reason,
  type Shown,
  topReasons,
  Unexplainable,
  type UnexplainableReason,
} from './explain/index.ts'
export {
  type Change,
  type Comparison,
  compareForms,
  type Drawing,
  type Drawn,
  type DrawnLeaf,
  type DrawnRest,
  type DrawnSplit,
  type DrawOptions,
  drawTree,
  type EnsembleComparison,
  type EnsembleFacts,
  type Facts,
  type FactsOptions,
  type FeatureFacts,
  factsOf,
  type KnownValues,
  type LinearFacts,
} from './facts/index.ts'
export { checkForm, kindsOf } from './form/check/index.ts'
export { decodeForm, digestForm, encodeForm } from './form/codec/index.ts'
export type { Elements, ElementType } from './form/element.ts'
export { type Categories, type Column, type Form, type Input, NO_TEXT, type Output, type Role, type Source } from './form/form.ts'
export type { Step } from './form/steps.ts'
export { MISSING, type Sets, TEST, type Trees } from './form/trees.ts'
export { fromLightGBM, fromOnnx, fromXGBoost } from './from.ts'
export type { Judgement, Verdict } from './imports/judge.ts'
export { kernelBytes } from './kernels/index.ts'
export { type LightGBMOptions, readLightGBM } from './lightgbm/index.ts'
export { readOnnx } from './onnx/index.ts'
export { type PickleImport, type PickleScan, type PickleStream, scanPickle } from './pickle/scan.ts'
export { interpret } from './plain/interpret.ts'
export { readPmml } from './pmml/read.ts'
export { readSkops } from './skops/read.ts'
export { type SkopsScan, type SkopsType, scanSkops } from './skops/scan.ts'
export { UnreadableModel, type UnreadableReason } from './unreadable.ts'
export { readXGBoost, type XGBoostOptions } from './xgboost/index.ts'
