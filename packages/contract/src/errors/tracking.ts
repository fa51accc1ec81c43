import type { ErrorRow } from './row.ts'

/** MLflow tracking servers that models are fetched from. */
export const TRACKING_ERRORS = {
  'tracking-unreachable': {
    http: 503,
    grpc: 'UNAVAILABLE',
    retryable: true,
    title: 'The MLflow tracking server is not reachable',
    remedy: 'Check --tracking-uri or MLFLOW_TRACKING_URI, and that the server runs.',
  },
  'tracking-not-allowed': {
    http: 403,
    grpc: 'PERMISSION_DENIED',
    retryable: false,
    title: 'The MLflow tracking server refuses these credentials',
    remedy: 'Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, of a user who may read the model.',
  },
  'tracking-unknown': {
    http: 404,
    grpc: 'NOT_FOUND',
    retryable: false,
    title: 'The MLflow tracking server has nothing of that name',
    remedy: 'Look the name, version, alias or run up in MLflow.',
  },
  'tracking-failed': {
    http: 502,
    grpc: 'INTERNAL',
    retryable: false,
    title: 'The MLflow tracking server gave an answer that is of no use',
    remedy: 'Check that the address is that of an MLflow tracking server, and look into its log.',
  },
  'artifact-invalid': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'The artifacts of the tracking server cannot be taken as files',
    remedy: 'Log the model again under plain file names; the detail names the one that is refused.',
  },
} as const satisfies Record<string, ErrorRow>
