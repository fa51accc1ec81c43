import { uuidv7 } from './ids.ts'

/** Visible ASCII without the two characters that JSON and log lines would have to escape; a log row is named by it. */
const REQUEST_ID = /^[!#-[\]-~]{1,128}$/

/** The id of a request: that of its `X-Request-Id` where it has the form of one, else a new one. */
export function requestId(sent: string | string[] | undefined): string {
  return typeof sent === 'string' && REQUEST_ID.test(sent) ? sent : uuidv7()
}
