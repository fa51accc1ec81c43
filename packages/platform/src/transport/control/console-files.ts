import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { extname, join, normalize, sep } from 'node:path'
import type { FastifyReply, FastifyRequest } from 'fastify'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
}
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const

interface Found {
  path: string
  size: number
  mtimeMs: number
  encoding: string | undefined
}

async function fileAt(path: string): Promise<{ size: number; mtimeMs: number } | undefined> {
  const found = await stat(path).catch(() => undefined)
  return found?.isFile() ? found : undefined
}

async function variant(path: string, accepted: string): Promise<Found | undefined> {
  const plain = await fileAt(path)
  if (!plain) return undefined
  for (const [encoding, suffix] of ENCODINGS) {
    if (!new RegExp(`\\b${encoding}\\b(?!\\s*;\\s*q=0(\\.0*)?(\\s*,|\\s*$))`).test(accepted)) continue
    const packed = await fileAt(path + suffix)
    if (packed) return { path: path + suffix, ...packed, size: packed.size, mtimeMs: packed.mtimeMs, encoding }
  }
  return { path, size: plain.size, mtimeMs: plain.mtimeMs, encoding: undefined }
}

/** The path inside the folder that a request names, or `undefined` when it leads out of it. */
function inside(folder: string, url: string): string | undefined {
  let name: string
  try {
    name = decodeURIComponent(url.split(/[?#]/, 1)[0] ?? '')
  } catch {
    return undefined
  }
  if (name.includes('\0') || name.includes('\\')) return undefined
  const path = normalize(join(folder, name))
  return path === folder || path.startsWith(folder + sep) ? path : undefined
}

/**
 * Answers with a file of the console; a page's address that names no file gets `index.html`, which shows it.
 * Answers false when there is nothing to answer with.
 */
export async function sendConsole(folder: string, request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
  const root = normalize(folder).replace(/[/\\]+$/, '')
  const wanted = inside(root, request.url)
  if (wanted === undefined) return false
  const accepted = String(request.headers['accept-encoding'] ?? '')
  const direct = await variant(wanted, accepted)
  // a missing script or picture is missing: only pages fall back
  if (!direct && extname(wanted) !== '' && !String(request.headers.accept ?? '').includes('text/html')) return false
  const file = direct ?? (await variant(join(root, 'index.html'), accepted))
  if (!file) return false
  const name = direct ? wanted : join(root, 'index.html')
  const hashed = direct !== undefined && wanted.startsWith(join(root, 'assets') + sep)
  const etag = `W/"${file.size.toString(36)}-${Math.round(file.mtimeMs).toString(36)}"`
  reply.headers({
    'content-security-policy': POLICY,
    'cache-control': hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    vary: 'accept-encoding',
    etag,
  })
  if (request.headers['if-none-match'] === etag) {
    reply.code(304).send()
    return true
  }
  reply.header('content-length', String(file.size)).type(TYPES[extname(name)] ?? 'application/octet-stream')
  if (file.encoding) reply.header('content-encoding', file.encoding)
  reply.code(200).send(request.method === 'HEAD' ? '' : createReadStream(file.path))
  return true
}
