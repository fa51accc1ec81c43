/** `version-trace-parent-flags`; versions to come may have more behind a dash, and are read as 00 (www.w3.org/TR/trace-context, 3.2). */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.{0,400})?$/

/** Trace id of a valid `traceparent` header. */
export function traceIdOf(header: string | string[] | undefined): string | undefined {
  const match = typeof header === 'string' ? TRACEPARENT.exec(header) : null
  return match && !(match[1] === '00' && match[3] !== undefined) ? match[2] : undefined
}
