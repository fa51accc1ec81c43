import type { ErrorRow } from './row.ts'

/** Declarations and settings. */
export const SETTING_ERRORS = {
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
    remedy:
      'The detail names the position. Names with spaces stand in double quotes, text in single ones; docs/reference/expressions.md has the whole grammar.',
  },
  'expression-too-large': {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'An expression makes texts that are too long',
    remedy: 'The detail names the limit. Check what concat and replace put in, or send fewer rows at a time.',
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
} as const satisfies Record<string, ErrorRow>
