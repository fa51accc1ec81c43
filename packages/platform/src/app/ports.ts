import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { FairleadError } from '@fairlead/contract'

interface Wanted {
  host: string
  port: number
  /** The option that changes this port, for the error. */
  option: string
}

/** Below the ports that systems give to outgoing connections: one of those might take a port between choosing it and listening. */
const CHOSEN_PORTS = [10_240, 32_768] as const
const TRIES = 50

/**
 * Makes sure a port can be had, and chooses one for port 0. Bound without SO_REUSEPORT: with it, a second platform
 * of the same user would silently share the port. Rejects with `port-in-use`.
 */
export async function reservePort(wanted: Wanted): Promise<number> {
  if (wanted.port !== 0) return tryPort(wanted)
  for (let tries = 0; tries < TRIES; tries++) {
    const port = await tryPort({ ...wanted, port: randomInt(...CHOSEN_PORTS) }).catch(() => 0)
    if (port !== 0) return port
  }
  return tryPort(wanted)
}

function tryPort({ host, port, option }: Wanted): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const detail =
        cause.code === 'EADDRINUSE'
          ? `Port ${port} on ${host} is in use. Choose another with ${option}, or ${option} 0 for any free one.`
          : `Port ${port} on ${host} cannot be opened (${cause.code ?? cause.message}). Choose another with ${option}, or another address with --host.`
      reject(new FairleadError('port-in-use', detail, { cause }))
    })
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port))
    })
  })
}

/** Whether an address reaches only this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

/** An address as it stands in a URL. */
export function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}
