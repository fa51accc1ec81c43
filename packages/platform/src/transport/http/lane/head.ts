import type { IncomingHttpHeaders } from 'node:http'
import type { RequestHead } from '../exchange.ts'
import { findRoute, type Route } from '../routes.ts'

/** Longest head of the lane's form, without the empty line at its end. */
export const LANE_HEAD_BYTES = 2048

/** How every request of the lane begins. */
export const LANE_START = 'POST /v'

/** A head of the lane's form, understood. */
export interface LaneHead extends RequestHead {
  readonly route: Route
  /** Bytes of body that follow. */
  readonly length: number
  /** Where the digits of that length stand. */
  readonly lengthAt: number
}

const REQUEST_LINE = /^POST (\/v[A-Za-z0-9._/-]{1,300}) HTTP\/1\.1$/
/** Starts and ends with a visible character of ASCII; `node:http` trims what is around a value. */
const VALUE = /^[!-~](?:[ -~]*[!-~])?$/
const LENGTH = /^(?:0|[1-9][0-9]{0,9})$/

/**
 * Headers that a request of the lane may have. None of them changes where a request ends, or asks `node:http` for anything,
 * but for Content-Length and Connection, which are looked at.
 */
const NAMES = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'authorization',
  'baggage',
  'cache-control',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'dnt',
  'forwarded',
  'host',
  'inference-header-content-length',
  'origin',
  'pragma',
  'priority',
  'referer',
  'sec-ch-ua',
  'sec-ch-ua-mobile',
  'sec-ch-ua-platform',
  'sec-fetch-dest',
  'sec-fetch-mode',
  'sec-fetch-site',
  'traceparent',
  'tracestate',
  'user-agent',
  'via',
  'x-api-key',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
  'x-request-id',
  'x-request-priority',
  'x-request-timeout',
])

/**
 * Understands a head (its bytes as Latin-1, without the empty line) if every character of it is of the one form that the lane
 * knows; `undefined` for all others, right or wrong. The length is not among the headers.
 */
export function readHead(text: string): LaneHead | undefined {
  const lineEnd = text.indexOf('\r\n')
  const target = lineEnd < 0 ? undefined : REQUEST_LINE.exec(text.slice(0, lineEnd))?.[1]
  const route = target === undefined ? undefined : findRoute(target)
  if (target === undefined || route?.method !== 'POST' || route.name.startsWith('repository-')) return undefined
  const headers: IncomingHttpHeaders = {}
  let lengthAt = -1
  for (let at = lineEnd + 2; at > 1; ) {
    const next = text.indexOf('\r\n', at)
    const end = next < 0 ? text.length : next
    const colon = text.indexOf(': ', at)
    if (colon < 0 || colon >= end) return undefined
    const name = text.slice(at, colon).toLowerCase()
    const value = text.slice(colon + 2, end)
    if (!NAMES.has(name) || headers[name] !== undefined || !VALUE.test(value)) return undefined
    if (name === 'content-length') lengthAt = colon + 2
    headers[name] = value
    at = next + 2
  }
  return finishHead(lengthAt, { target, route, headers })
}

function finishHead(lengthAt: number, { target, route, headers }: RequestHead & { route: Route }): LaneHead | undefined {
  const { host, connection, 'content-length': digits, ...others } = headers
  if (host === undefined || digits === undefined || !LENGTH.test(digits)) return undefined
  if (connection !== undefined && connection.toLowerCase() !== 'keep-alive') return undefined
  return { target, route, headers: { host, ...(connection === undefined ? {} : { connection }), ...others }, length: Number(digits), lengthAt }
}
