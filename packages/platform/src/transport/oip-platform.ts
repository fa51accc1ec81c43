import type { ServableRelease } from '../domain/inference/index.ts'

/** What metadata call the platform of a model, `project_format`: by the file it came from, whatever runs it. */
export function oipPlatform({ model }: Pick<ServableRelease, 'model'>): string {
  return model.format === 'onnx' ? 'onnxruntime_onnx' : `fairlead_${model.format}`
}
