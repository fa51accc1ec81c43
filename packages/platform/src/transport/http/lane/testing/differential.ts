import { createServer, type Server } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { Budget } from '../../../budget.ts'
import { DEFAULT_HTTP_LIMITS } from '../../options.ts'
import { UnreadAnswers } from '../../unread-answers.ts'
import { Lane } from '../lane.ts'
import { MemorySocket } from './memory-socket.ts'
import { Random } from './random.ts'
import { cutStream, makeStream } from './streams.ts'

/** A request as somebody has read it. */
export interface ReadRequest {
  method: string
  target: string
  headers: object
  body: string
}

/** A stream that the two lanes read differently, and how. */
export interface Difference {
  seed: number
  reason: string
  stream: string
  lane: ReadRequest[]
  http: ReadRequest[]
}

const BODY_LIMIT = 4096
/** Ends every case: fills up any body and any head that is not finished, and cannot be a request of the lane. */
const TAIL = Buffer.alloc(3 * BODY_LIMIT)
const SENTINEL = Buffer.from('GET /sentinel HTTP/1.1\r\nHost: x\r\n\r\n')
const MOST_TURNS = 1000

/** What the lane made of a stream: the requests it answered, and the bytes it gave away. */
async function readByLane(pieces: Buffer[], random: Random): Promise<{ requests: ReadRequest[]; rest: Buffer }> {
  const requests: ReadRequest[] = []
  const rest: Buffer[] = []
  let handedOver = false
  const lane = new Lane({
    limits: DEFAULT_HTTP_LIMITS,
    unread: new UnreadAnswers(DEFAULT_HTTP_LIMITS.unreadBytes),
    checkMs: 10_000,
    bodyLimit: () => BODY_LIMIT,
    draining: () => false,
    bodies: new Budget(Number.POSITIVE_INFINITY),
    handle: (exchange, route) => {
      exchange.readBody(BODY_LIMIT, {
        done: (bytes) => {
          requests.push({ method: route.method, target: exchange.target, headers: { ...exchange.headers }, body: bytes.toString('latin1') })
          if (random.chance(0.5)) exchange.json(200, '{}')
          else setImmediate(() => exchange.json(200, '{}'))
        },
        refused: () => {},
      })
    },
    handOver: (socket) => {
      handedOver = true
      socket.on('data', (chunk: Buffer) => rest.push(chunk))
    },
  })
  const socket = new MemorySocket()
  lane.take(socket.asSocket(), true)
  for (const piece of [...pieces, TAIL]) {
    socket.feed(piece)
    if (random.chance(0.3)) await turn()
  }
  const wanted = () => handedOver && socket.readableLength === 0
  for (let turns = 0; turns < MOST_TURNS && !wanted(); turns++) await turn()
  await turn()
  socket.destroy()
  lane[Symbol.dispose]()
  return { requests, rest: Buffer.concat(rest) }
}

/** What `node:http` makes of bytes: its requests up to the sentinel behind them; `undefined` for the rest of a stream it refuses. */
async function readByHttp(bytes: Buffer): Promise<{ requests: ReadRequest[]; whole: boolean }> {
  const requests: ReadRequest[] = []
  let end: 'sentinel' | 'refused' | undefined
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (request.url === '/sentinel') end = 'sentinel'
      else requests.push({ method: request.method ?? '', target: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString('latin1') })
      response.end()
    })
  })
  server.on('clientError', (_error, socket) => {
    end = 'refused'
    socket.destroy()
  })
  const socket = new MemorySocket()
  server.emit('connection', socket)
  socket.feed(bytes)
  socket.feed(SENTINEL)
  for (let turns = 0; turns < MOST_TURNS && end === undefined; turns++) await turn()
  socket.destroy()
  return { requests, whole: end === 'sentinel' }
}

/**
 * Tries one stream. What the lane answered must be what `node:http` reads in the very bytes that the lane took, no more and no
 * less, and the bytes behind them must have been handed over as they were.
 */
export async function tryStream(stream: Buffer, pieces: Buffer[], random: Random): Promise<{ accepted: number; difference?: Omit<Difference, 'seed'> }> {
  const { requests, rest } = await readByLane(pieces, random)
  const all = Buffer.concat([stream, TAIL])
  const taken = all.subarray(0, all.length - rest.length)
  const http = requests.length === 0 ? { requests: [], whole: true } : await readByHttp(taken)
  const reasons = [
    all.subarray(taken.length).equals(rest) ? '' : 'what was handed over is not what followed',
    requests.length === 0 && taken.length > 0 ? 'bytes were taken and nothing was answered' : '',
    http.whole ? '' : 'node:http does not end where the lane ends',
    JSON.stringify(sorted(http.requests)) === JSON.stringify(sorted(requests)) ? '' : 'the requests differ',
  ].filter((reason) => reason !== '')
  if (reasons.length === 0) return { accepted: requests.length }
  return { accepted: requests.length, difference: { reason: reasons.join('; '), stream: stream.toString('latin1'), lane: requests, http: http.requests } }
}

/** Headers in the order of their names; the length is what the bodies have. */
function sorted(requests: ReadRequest[]): ReadRequest[] {
  return requests.map((request) => ({
    ...request,
    headers: Object.entries(request.headers)
      .filter(([name]) => name !== 'content-length')
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  }))
}

/** Tries the stream of a seed. */
export function trySeed(seed: number): Promise<{ accepted: number; difference?: Omit<Difference, 'seed'> }> {
  const random = new Random(seed)
  const stream = makeStream(random)
  return tryStream(stream, cutStream(stream, random), random)
}

/** Tries seeds from `seed` on for `millis`, or until some differences are found. */
export async function fuzz(seed: number, millis: number): Promise<{ tried: number; accepted: number; differences: Difference[] }> {
  const until = performance.now() + millis
  const differences: Difference[] = []
  let [tried, accepted] = [0, 0]
  for (; performance.now() < until && differences.length < 5; tried++) {
    const result = await trySeed(seed + tried)
    accepted += result.accepted
    if (result.difference) differences.push({ seed: seed + tried, ...result.difference })
  }
  return { tried, accepted, differences }
}
