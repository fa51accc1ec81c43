import { uuidv7 } from './ids.ts'

/** Visible ASCII without the two characters that JSON and log lines would have to escape. */
const REQUEST_ID = /^[!#-[\]-~]{1,128}$/

/** Whether a text that a caller sent may name a request. */
export function isRequestId(sent: unknown): sent is string {
  return typeof sent === 'string' && REQUEST_ID.test(sent)
}

/** The id of a request: that of its `X-Request-Id` where it has the form of one, else a new one. */
export function requestId(sent: string | string[] | undefined): string {
  return isRequestId(sent) ? sent : uuidv7()
}
