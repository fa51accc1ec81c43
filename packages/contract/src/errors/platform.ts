import type { ErrorRow } from './row.ts'

/** The platform itself. */
export const PLATFORM_ERRORS = {
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
    title: 'The platform or server is not reachable',
    remedy: 'Check the address. A platform of your own is started with `npm start` or `fairlead up`, and named with --url or --data.',
  },
  'answer-invalid': {
    http: 502,
    grpc: 'INTERNAL',
    retryable: false,
    title: 'The answer cannot be understood',
    remedy: 'Check that the address is that of the serve port, and that nothing in between changes or cuts answers.',
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
