import type { ErrorRow } from './row.ts'

/** Model files. */
export const MODEL_FILE_ERRORS = {
  'model-format-unknown': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'The files are not a model that Fairlead reads',
    remedy:
      'Hand over an ONNX, XGBoost (JSON or UBJSON), LightGBM text, skops or PMML file, or an MLflow directory with one; pickles can be saved again as one of these.',
  },
  'model-file-invalid': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'The model file is damaged or not what its name says',
    remedy: 'Export the model again; the detail names the byte where reading stopped.',
  },
  'model-operator-unsupported': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'The model uses an operator the runtime lacks',
    remedy: 'Export with standard operators or an opset the runtime supports.',
  },
  'model-part-unsupported': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'The model has a part that is not understood',
    remedy: 'The detail names the part; save the model without it, or convert it to ONNX.',
  },
  'model-option-invalid': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'What was stated about the model does not fit it',
    remedy: 'Leave the option out that the detail names, or state what fits.',
  },
  'model-opset-unsupported': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'The model uses an opset the runtime lacks',
    remedy: 'Export with an opset in the range that the detail names.',
  },
  'model-input-unsupported': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'The model has an input that cannot be fed',
    remedy: 'Export with tensor inputs of plain numbers or texts; bfloat16, sequences and maps are not served.',
  },
  'model-output-unsupported': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'The model has an output that is not a tensor',
    remedy: 'Export with `zipmap: False`, or with tensor outputs only.',
  },
  'model-data-missing': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'External data of the model are missing',
    remedy: 'Import the folder that holds the model and its data files.',
  },
  'model-path-escapes': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'The model refers to a file outside its folder',
    remedy: 'Export the model with its data files beside it.',
  },
  'model-too-large': {
    http: 413,
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: false,
    title: 'The model is larger than the platform accepts',
    remedy: 'Keep the graph under 2 GB with weights in external data files, or raise the limit.',
  },
  'signature-invalid': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'The signature does not fit the model',
    remedy: 'Compare it with the tensors that `fairlead models show` lists.',
  },
  'example-failed': {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    title: 'The example or golden rows do not pass',
    remedy: 'The errors name the rows and values that differ; the previous release keeps serving.',
  },
  'load-failed': {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    title: 'The release could not be loaded',
    remedy: "The detail carries the runtime's reason; the previous release keeps serving.",
  },
} as const satisfies Record<string, ErrorRow>
