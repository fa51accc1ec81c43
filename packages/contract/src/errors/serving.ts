import type { ErrorRow } from './row.ts'

/** Serving. */
export const SERVING_ERRORS = {
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
  'release-not-loaded': {
    http: 409,
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    title: 'The release is not loaded',
    remedy: 'Ask without a release number, or take it back into service with `fairlead deployments rollback NAME --to RELEASE`.',
  },
  'not-ready': {
    http: 503,
    grpc: 'UNAVAILABLE',
    retryable: true,
    title: 'The platform is not ready',
    remedy: 'Try again in a moment; to programs the header Retry-After says how many seconds.',
  },
  overloaded: {
    http: 503,
    grpc: 'UNAVAILABLE',
    retryable: true,
    title: 'Too much is in hand',
    remedy: 'Try again in a moment (programs: the seconds in Retry-After); send smaller requests, or fewer large ones at once.',
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
    retryable: false,
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
} as const satisfies Record<string, ErrorRow>
