import type { ErrorRow } from './row.ts'

/** Rows and tensors against the signature. */
export const VALUE_ERRORS = {
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
} as const satisfies Record<string, ErrorRow>
