import type { ErrorRow } from './row.ts'

/** Access. */
export const ACCESS_ERRORS = {
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
    remedy:
      'Open the console under the address that `fairlead up` printed; let a website ask for predictions through its own back end, or name its origin with --allowed-origins.',
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
  'rate-limited': {
    http: 429,
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: true,
    title: 'The caller asks faster than its limit allows',
    remedy: 'Wait as long as Retry-After says, and ask at the rate of RateLimit-Policy; who runs the platform can raise it with `fairlead keys limit`.',
  },
  'quota-exhausted': {
    http: 429,
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: false,
    title: 'The rows that the caller may ask for are used up',
    remedy: 'The quota begins anew after Retry-After; who runs the platform can raise it with `fairlead keys limit`.',
  },
} as const satisfies Record<string, ErrorRow>
