/** A row of the error table. */
export interface ErrorRow {
  /** HTTP status of Fairlead's own interfaces. */
  http: number
  /** gRPC status name. */
  grpc: string
  /** Whether the same request may succeed later. */
  retryable: boolean
  /** A short title, the same for every occurrence. */
  title: string
  /** What the reader can do. */
  remedy: string
}

/** Every error code of the platform. Codes are never reused; `docs/errors.md` is generated from this table. */
export const ERRORS = {
  // requests that cannot be read
  'json-invalid': {
    http: 400,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'The body is not valid JSON',
    remedy: 'Send a JSON document; the detail names the position where reading stopped.',
  },
  'json-too-deep': {
    http: 400,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'The JSON is nested too deeply',
    remedy: 'Flatten the document; at most 100 levels are read.',
  },
  'utf8-invalid': { http: 400, grpc: 'INVALID_ARGUMENT', retryable: false, title: 'The text is not valid UTF-8', remedy: 'Encode the body as UTF-8.' },
  'request-invalid': {
    http: 400,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'The request has the wrong form',
    remedy: 'Compare the request with the OpenAPI document; the errors name each wrong place.',
  },
  'body-too-large': {
    http: 413,
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: false,
    title: 'The body is too large',
    remedy: 'Send fewer rows per request, or raise the limit that the detail names.',
  },
  'media-type-unsupported': {
    http: 415,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'The content type is not supported here',
    remedy: 'Send one of the types that the detail lists.',
  },
  'encoding-unsupported': {
    http: 415,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'The content encoding is not supported',
    remedy: 'Send the body without Content-Encoding, or with one the detail lists.',
  },
  'method-not-allowed': {
    http: 405,
    grpc: 'UNIMPLEMENTED',
    retryable: false,
    title: 'The method is not allowed for this path',
    remedy: 'Use a method that the Allow header lists.',
  },
  'path-unknown': {
    http: 404,
    grpc: 'NOT_FOUND',
    retryable: false,
    title: 'There is nothing at this path',
    remedy: 'Check the address against the documentation.',
  },
  'request-timeout': {
    http: 408,
    grpc: 'DEADLINE_EXCEEDED',
    retryable: true,
    title: 'The request did not arrive in time',
    remedy: 'Send the head and body without long pauses.',
  },

  // rows and tensors against the signature
  'column-missing': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'A required column is missing',
    remedy: 'Add the column that the error names to the row.',
  },
  'column-unknown': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'A column is not part of the signature',
    remedy: 'Remove or rename the column, or set extraColumns: ignore on the deployment.',
  },
  'value-type': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'A value has the wrong type',
    remedy: 'Send the type that the signature declares for this column.',
  },
  'value-range': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'A value is outside its range',
    remedy: 'Send a value within the range that the error names.',
  },
  'value-unknown': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'A value is not one of the allowed ones',
    remedy: 'Send one of the values that the signature lists for this column.',
  },
  'value-missing': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'A value is null and the column is required',
    remedy: 'Send a value, or declare the column optional in the signature.',
  },
  'shape-mismatch': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'A shape does not fit the signature or the data',
    remedy: 'Send data whose element count and shape are those of the tensor.',
  },
  'rows-empty': { http: 422, grpc: 'INVALID_ARGUMENT', retryable: false, title: 'There are no rows', remedy: 'Send at least one row.' },
  'rows-too-many': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'There are too many rows in one request',
    remedy: 'Send the rows in several requests, or raise the setting maxRows of the deployment.',
  },
  'tensor-unknown': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'A tensor is not part of the model',
    remedy: 'Use the tensor names that the model metadata list.',
  },
  'tensor-missing': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'A required tensor is missing',
    remedy: 'Send every input tensor that the model metadata list.',
  },

  // serving
  'deployment-unknown': {
    http: 404,
    grpc: 'NOT_FOUND',
    retryable: false,
    title: 'There is no such deployment',
    remedy: 'List the deployments with `fairlead deployments list`.',
  },
  'release-unknown': {
    http: 404,
    grpc: 'NOT_FOUND',
    retryable: false,
    title: 'The deployment has no such release',
    remedy: 'List the releases with `fairlead deployments show NAME`.',
  },
  'release-not-ready': {
    http: 503,
    grpc: 'UNAVAILABLE',
    retryable: true,
    title: 'The release is not ready',
    remedy: 'Retry shortly; `fairlead deployments show NAME` tells what it waits for.',
  },
  'not-ready': {
    http: 503,
    grpc: 'UNAVAILABLE',
    retryable: true,
    title: 'The platform is not ready',
    remedy: 'Try again in a moment; to programs the header Retry-After says how many seconds.',
  },
  'queue-full': {
    http: 503,
    grpc: 'UNAVAILABLE',
    retryable: true,
    title: 'The queue of this deployment is full',
    remedy: 'Try again in a moment (programs: the seconds in Retry-After); send fewer requests at once, or add processes.',
  },
  'deadline-exceeded': {
    http: 504,
    grpc: 'DEADLINE_EXCEEDED',
    retryable: true,
    title: 'The deadline passed before the answer was ready',
    remedy: 'Allow more time or send fewer rows.',
  },
  cancelled: {
    http: 499,
    grpc: 'CANCELLED',
    retryable: false,
    title: 'The caller went away before the answer was ready',
    remedy: 'Nothing was lost: the rows had not been run. Wait longer, or send fewer rows.',
  },
  'model-run-failed': {
    http: 500,
    grpc: 'INTERNAL',
    retryable: false,
    title: 'The model failed on these rows',
    remedy: "The detail carries the runtime's message; check the values against what the model was trained on.",
  },
  'worker-crashed': {
    http: 503,
    grpc: 'UNAVAILABLE',
    retryable: true,
    title: 'The worker that ran the model stopped',
    remedy: 'The worker is being replaced; retry.',
  },
  'log-unavailable': {
    http: 503,
    grpc: 'UNAVAILABLE',
    retryable: true,
    title: 'The prediction log cannot be written',
    remedy: 'Free disk space for the data folder; with log.durability: sync no answer is given without its log entry.',
  },
  'log-damaged': {
    http: 500,
    grpc: 'DATA_LOSS',
    retryable: true,
    title: 'Files of the prediction log are damaged',
    remedy:
      'The detail names them; they are set aside in log/damaged of the data folder, and the rest of the log answers. Check the disk, and put them back from a backup.',
  },
  'log-too-large': {
    http: 422,
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: false,
    title: 'The question to the prediction log takes too much memory',
    remedy: 'Ask for less time or fewer rows: `--since`, `--until`, `--limit`.',
  },

  // access
  'not-authenticated': {
    http: 401,
    grpc: 'UNAUTHENTICATED',
    retryable: false,
    title: 'No valid credentials were sent',
    remedy:
      'Predictions take an API key, control the admin token or a key: `Authorization: Bearer …`, on the command line --key and --token. Who reads this in the console signs in with a link of `fairlead status --sign-in`.',
  },
  'not-allowed': {
    http: 403,
    grpc: 'PERMISSION_DENIED',
    retryable: false,
    title: 'These credentials do not allow this',
    remedy: 'Use a key made for this deployment and action: `fairlead keys create`.',
  },
  'origin-refused': {
    http: 403,
    grpc: 'PERMISSION_DENIED',
    retryable: false,
    title: 'The request comes from a foreign origin',
    remedy: 'Open the console under the address that `fairlead up` printed.',
  },
  'sign-in-invalid': {
    http: 401,
    grpc: 'UNAUTHENTICATED',
    retryable: false,
    title: 'The sign-in link is used up or expired',
    remedy: 'Make a new one with `fairlead status --sign-in`.',
  },
  'too-many-requests': {
    http: 429,
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: true,
    title: 'Too many requests in a short time',
    remedy: 'Try again in a moment; to programs the header Retry-After says how many seconds.',
  },

  // registry
  'name-invalid': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'The name has a wrong form',
    remedy: 'Start with a-z or 0-9, go on with a-z 0-9 . _ - and stay within 100 characters.',
  },
  'name-taken': { http: 409, grpc: 'ALREADY_EXISTS', retryable: false, title: 'The name is taken', remedy: 'Choose another name.' },
  'model-unknown': {
    http: 404,
    grpc: 'NOT_FOUND',
    retryable: false,
    title: 'The model is not in the registry',
    remedy: 'List the models with `fairlead models list`.',
  },
  'version-unknown': {
    http: 404,
    grpc: 'NOT_FOUND',
    retryable: false,
    title: 'The model has no such version',
    remedy: 'List the versions with `fairlead models show NAME`.',
  },
  'reference-invalid': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'The model reference has a wrong form',
    remedy: 'Write `name`, `name:3`, `name@alias` or a digest.',
  },
  'version-in-use': {
    http: 409,
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    title: 'The model version is in use',
    remedy: 'Remove the deployments that the detail names first.',
  },
  'changed-meanwhile': {
    http: 412,
    grpc: 'ABORTED',
    retryable: false,
    title: 'Somebody else changed it meanwhile',
    remedy: 'Read it again and repeat the change.',
  },
  'idempotency-mismatch': {
    http: 409,
    grpc: 'ABORTED',
    retryable: false,
    title: 'The idempotency key was used for another request',
    remedy: 'Use a new Idempotency-Key for a new request.',
  },
  'upload-unknown': {
    http: 404,
    grpc: 'NOT_FOUND',
    retryable: false,
    title: 'There is no such upload',
    remedy: 'Start a new upload; unfinished ones are removed after an hour.',
  },
  'upload-incomplete': { http: 400, grpc: 'INVALID_ARGUMENT', retryable: true, title: 'The upload ended early', remedy: 'Send the file again.' },
  'operation-unknown': {
    http: 404,
    grpc: 'NOT_FOUND',
    retryable: false,
    title: 'There is no such operation',
    remedy: 'Operations are kept for a day; look at the resource itself.',
  },
  'key-unknown': { http: 404, grpc: 'NOT_FOUND', retryable: false, title: 'There is no such key', remedy: 'List the keys with `fairlead keys list`.' },
  'blob-corrupt': {
    http: 500,
    grpc: 'DATA_LOSS',
    retryable: false,
    title: 'A stored file does not have its digest',
    remedy: 'Import the model again from its source; the stored copy is damaged.',
  },
  'blob-missing': { http: 500, grpc: 'DATA_LOSS', retryable: false, title: 'A stored file is missing', remedy: 'Import the model again from its source.' },
  'storage-full': {
    http: 507,
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: true,
    title: 'The disk is full',
    remedy: 'Free space for the data folder and repeat; nothing of the failed change was kept.',
  },

  // model files
  'model-format-unknown': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'The files are not a model that Fairlead reads',
    remedy: 'Hand over an ONNX file or an MLflow directory with the onnx flavour.',
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

  // declarations and settings
  'pipeline-invalid': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'The pipeline is not valid',
    remedy: 'The errors name the step and what it needs.',
  },
  'expression-invalid': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'The expression is not valid',
    remedy: 'The detail names the position. Names with spaces stand in double quotes, text in single ones; docs/guides/decisions.md has the whole grammar.',
  },
  'setting-unknown': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'There is no such setting',
    remedy: 'Check the name; the detail suggests the nearest one.',
  },
  'setting-invalid': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'A setting has a wrong value',
    remedy: 'The detail names the setting and what it takes.',
  },

  // the platform itself
  usage: { http: 400, grpc: 'INVALID_ARGUMENT', retryable: false, title: 'The command was called wrongly', remedy: 'Run the command with --help.' },
  'not-confirmed': {
    http: 400,
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    title: 'What would be lost was not confirmed',
    remedy: 'Answer y when asked, or add --yes.',
  },
  unreachable: {
    http: 503,
    grpc: 'UNAVAILABLE',
    retryable: true,
    title: 'The platform is not reachable',
    remedy: 'Start it with `npm start` or `fairlead up`, or name it with --url.',
  },
  'port-in-use': {
    http: 500,
    grpc: 'UNAVAILABLE',
    retryable: false,
    title: 'A port is in use',
    remedy: 'Choose another with the option that the detail names, or 0 for any free one.',
  },
  'data-locked': {
    http: 500,
    grpc: 'UNAVAILABLE',
    retryable: false,
    title: 'Another platform runs on this data folder',
    remedy: 'Stop it, or choose another folder with --data.',
  },
  'data-unwritable': {
    http: 500,
    grpc: 'INTERNAL',
    retryable: false,
    title: 'The data folder cannot be written',
    remedy: 'Choose another folder with --data, or change its permissions.',
  },
  'store-newer': {
    http: 500,
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    title: 'The data were written by a newer Fairlead',
    remedy: 'Start the newer version, or choose another folder with --data.',
  },
  'file-unreadable': { http: 400, grpc: 'INVALID_ARGUMENT', retryable: false, title: 'A file cannot be read', remedy: 'Check the path and its permissions.' },
  'not-supported': {
    http: 501,
    grpc: 'UNIMPLEMENTED',
    retryable: false,
    title: 'This version cannot do that',
    remedy: 'See the documentation for what is supported.',
  },
  internal: {
    http: 500,
    grpc: 'INTERNAL',
    retryable: false,
    title: 'Something went wrong inside',
    remedy: 'Report it with the request id; the log of the platform has the details.',
  },
} as const satisfies Record<string, ErrorRow>

/** A stable error code. */
export type ErrorCode = keyof typeof ERRORS
