import type { ErrorRow } from './row.ts'

/** Requests that cannot be read. */
export const REQUEST_ERRORS = {
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
  'table-invalid': {
    http: 400,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'The body is not a table of the form that its content type names',
    remedy: 'Write the table again with the tool that made it; the detail names the line, column or part where reading stopped.',
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
  'not-acceptable': {
    http: 406,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'There is no answer in the form that was asked for',
    remedy: 'Leave out the header Accept, or name one of the types that the detail lists.',
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
} as const satisfies Record<string, ErrorRow>
