import { type CompileOptions, compile, type Predictor } from './engine/index.ts'
import { type LightGBMOptions, readLightGBM } from './lightgbm/index.ts'
import { readOnnx } from './onnx/index.ts'
import { readXGBoost, type XGBoostOptions } from './xgboost/index.ts'

/**
 * A predictor of a model that XGBoost saved as JSON or UBJSON.
 *
 * @throws UnreadableModel for a file that is broken or has what is not understood
 */
export function fromXGBoost(bytes: Uint8Array, options: XGBoostOptions & CompileOptions = {}): Predictor {
  return compile(readXGBoost(bytes, options), options)
}

/**
 * A predictor of a model that LightGBM saved as text.
 *
 * @throws UnreadableModel for a file that is broken or has what is not understood
 */
export function fromLightGBM(bytes: Uint8Array, options: LightGBMOptions & CompileOptions = {}): Predictor {
  return compile(readLightGBM(bytes, options), options)
}

/**
 * A predictor of an ONNX graph of trees, linear models, encoders and scalers.
 *
 * @throws UnreadableModel for a file that is broken, or a graph with operators that are not understood
 */
export function fromOnnx(bytes: Uint8Array, options: CompileOptions = {}): Predictor {
  return compile(readOnnx(bytes), options)
}
