import type { ErrorRow } from './row.ts'

/** Batch jobs. */
export const BATCH_ERRORS = {
  'job-unknown': { http: 404, grpc: 'NOT_FOUND', retryable: false, title: 'There is no such job', remedy: 'List the jobs with `fairlead batch list`.' },
  'job-state': {
    http: 409,
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    title: 'The job is not in a state in which that can be done',
    remedy: 'Look at its state with `fairlead batch show JOB`.',
  },
  'job-crashed': {
    http: 500,
    grpc: 'INTERNAL',
    retryable: false,
    title: 'The process of a job ended again and again',
    remedy: 'Give it fewer threads or more memory, and resume it: what is done is kept.',
  },
  'path-refused': {
    http: 403,
    grpc: 'PERMISSION_DENIED',
    retryable: false,
    title: 'Jobs may not use files at this place',
    remedy: 'Use a file in one of the folders of the setting `batchFolders`, or have the file sent to the platform.',
  },
  'source-changed': {
    http: 409,
    grpc: 'ABORTED',
    retryable: false,
    title: 'A file changed while it was read',
    remedy: 'Run the job again when nobody writes the file. Nothing was written.',
  },
  'target-unwritable': {
    http: 400,
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    title: 'The output cannot be written',
    remedy: 'Choose another place, or change its permissions. Nothing was written.',
  },
  'rows-rejected': {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    title: 'Too many rows were rejected',
    remedy: 'Look into the quarantine file for the reasons, or allow more with --max-bad.',
  },
} as const satisfies Record<string, ErrorRow>
