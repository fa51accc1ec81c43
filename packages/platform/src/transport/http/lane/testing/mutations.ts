import type { Random } from './random.ts'

/** A request in parts, each character a byte (Latin-1). */
export interface RawRequest {
  line: string
  /** Header lines without their ends. */
  headers: string[]
  body: string
}

/** Changes a request into one that servers have been known to read differently, or into plain nonsense. */
export type Mutation = (request: RawRequest, random: Random) => void

function replaceHeader(name: string, line: (value: string, random: Random) => string): Mutation {
  return (request, random) => {
    request.headers = request.headers.map((header) => {
      const [own = '', value = ''] = header.split(': ')
      return own.toLowerCase() === name ? line(value, random) : header
    })
  }
}

function addHeader(...lines: string[]): Mutation {
  return (request, random) => void request.headers.splice(random.int(request.headers.length + 1), 0, random.pick(lines))
}

function changeLine(change: (line: string, random: Random) => string): Mutation {
  return (request, random) => {
    request.line = change(request.line, random)
  }
}

function changeBody(change: (body: string, random: Random) => string): Mutation {
  return (request, random) => {
    request.body = change(request.body, random)
  }
}

/** Changes one character sequence anywhere in one of the header lines. */
function inHeader(change: (line: string, random: Random) => string): Mutation {
  return (request, random) => {
    const at = random.int(request.headers.length)
    request.headers[at] = change(request.headers[at] ?? '', random)
  }
}

function insertInto(text: string, what: string, random: Random): string {
  const at = random.int(text.length + 1)
  return text.slice(0, at) + what + text.slice(at)
}

const LENGTHS: Mutation[] = [
  addHeader('Content-Length: 0', 'Content-Length: 5', 'content-length: 3', 'CONTENT-LENGTH: 10'),
  (request) => void request.headers.push(...request.headers.filter((header) => /^content-length/i.test(header))),
  replaceHeader('content-length', (value, random) =>
    random.pick([`Content-Length: ${Number(value) + 1}`, `Content-Length: ${Math.max(0, Number(value) - 1)}`, `Content-Length: ${value}, ${value}`]),
  ),
  replaceHeader('content-length', (value, random) =>
    random.pick([
      `Content-Length: +${value}`,
      `Content-Length: -${value}`,
      `Content-Length: 0${value}`,
      `Content-Length: 0x${value}`,
      `Content-Length: ${value} 1`,
    ]),
  ),
  replaceHeader('content-length', (value, random) =>
    random.pick([
      `Content-Length: ${value}e0`,
      'Content-Length: ',
      `Content-Length: ${value}.0`,
      'Content-Length: 99999999999999999999',
      `Content-Length: ${value}\u000b`,
    ]),
  ),
  replaceHeader('content-length', () => 'X-Nothing: here'),
]

const CODINGS: Mutation[] = [
  addHeader('Transfer-Encoding: chunked', 'transfer-encoding: CHUNKED', 'Transfer-Encoding: xchunked', 'Transfer-Encoding:\tchunked'),
  addHeader('Transfer-Encoding : chunked', 'Transfer-Encoding: identity', 'Transfer-Encoding: gzip, chunked', ' Transfer-Encoding: chunked', 'TE: trailers'),
  (request) => {
    request.headers = request.headers.filter((header) => !/^content-length/i.test(header))
    request.headers.push('Transfer-Encoding: chunked')
    request.body = `${request.body.length.toString(16)}\r\n${request.body}\r\n0\r\n\r\n`
  },
  addHeader('Expect: 100-continue', 'Upgrade: h2c', 'Connection: upgrade', 'Connection: close', 'Connection: keep-alive, close', 'Connection: Keep-Alive'),
]

const SPACES: Mutation[] = [
  inHeader((line) => line.replace(':', ' :')),
  inHeader((line) => line.replace(':', '\t:')),
  inHeader((line, random) => line.replace(': ', random.pick([':', ':  ', ':\t', ': \t', ':\r\n ', ':\n ']))),
  inHeader((line, random) => line + random.pick([' ', '\t', '  ', '\r', '\n', '\r\n folded', '\r\n\tContent-Length: 3', '\n\n', '\u0000'])),
  inHeader((line) => ` ${line}`),
  inHeader((line, random) => insertInto(line, random.pick(['\u0000', '\n', '\r', '\u0080', '\u00ff', '\u007f', '\t', '"', '\r\n']), random)),
  (request) => void request.headers.push(request.headers.pop()?.replaceAll(' ', '') ?? ''),
]

const LINES: Mutation[] = [
  changeLine((line) => line.replace('POST', 'post')),
  changeLine((line, random) => line.replace('POST', random.pick(['GET', 'PUT', 'POST ', ' POST', 'POSTS', 'POS', 'DELETE', 'CONNECT', 'PRI']))),
  changeLine((line, random) =>
    line.replace('HTTP/1.1', random.pick(['HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'http/1.1', 'HTTP/1.1 ', 'HTTP/01.1', 'HTTP/1.1\t', 'HTTP/11'])),
  ),
  changeLine((line) => line.replace(' HTTP/1.1', '')),
  changeLine((line, random) => line.replace(' /', random.pick([' http://a.b/', ' //', ' /./', ' /../', '  /', '\t/', ' *', ' ', ' /%76', ' /V']))),
  changeLine((line, random) =>
    line.replace(' HTTP', random.pick(['? HTTP', '?a=b HTTP', '#x HTTP', '/ HTTP', '%2f HTTP', '%00 HTTP', '\u00e9 HTTP', ' x HTTP', '  HTTP', ';p HTTP'])),
  ),
  changeLine((line, random) => insertInto(line, random.pick(['\u0000', '\n', '\r\n', '\r', ' ', '\u00ff', '%', '\t']), random)),
  changeLine((line, random) => random.pick(['\r\n', '\n', '\r', '\r\n\r\n', ' ']) + line),
]

const OTHERS: Mutation[] = [
  (request, random) => void request.headers.splice(random.int(request.headers.length), 1),
  addHeader('Host: other', 'Host: ', 'host: x', 'X-Unknown: 1', '__proto__: 1', 'constructor: 1', ': empty', 'no colon', '', 'Trailer: x'),
  replaceHeader('host', (_value, random) => random.pick(['X: y', 'Host:', 'Host: a b', 'Host: a@b', 'HOST: upper'])),
  addHeader(`User-Agent: ${'a'.repeat(1900)}`, `User-Agent: ${'a'.repeat(2100)}`, `Cookie: ${'b'.repeat(17_000)}`),
  changeLine((line) => line.replace('/predict', `/${'p'.repeat(310)}`)),
  changeBody((body) => `POST /v2/models/smuggled/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n${body}`),
  changeBody((body, random) => body.slice(random.int(body.length + 1))),
]

/** What the corpus of request smuggling and its kin comes down to. */
export const MUTATIONS: readonly Mutation[] = [...LENGTHS, ...CODINGS, ...SPACES, ...LINES, ...OTHERS]

/** Changes to the bytes of a whole request, wherever they fall. */
export const BYTE_MUTATIONS: readonly ((text: string, random: Random) => string)[] = [
  (text) => text.replace('\r\n', '\n'),
  (text) => text.replaceAll('\r\n', '\n'),
  (text) => text.replace('\r\n\r\n', '\n\n'),
  (text) => text.replace('\r\n\r\n', '\r\n\n'),
  (text) => text.replace('\r\n\r\n', '\r\n \r\n'),
  (text) => text.replace('\r\n', '\r'),
  (text, random) => {
    const at = random.int(text.length)
    return text.slice(0, at) + String.fromCharCode(random.int(256)) + text.slice(at + 1)
  },
  (text, random) => insertInto(text, String.fromCharCode(random.int(256)), random),
  (text, random) => {
    const at = random.int(text.length)
    return text.slice(0, at) + text.slice(at + 1 + random.int(4))
  },
  (text, random) => {
    const [from, length] = [random.int(text.length), random.int(60)]
    return insertInto(text, text.slice(from, from + length), random)
  },
]
