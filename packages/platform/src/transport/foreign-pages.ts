import type { IncomingHttpHeaders } from 'node:http'
import { FairleadError } from '@fairlead/contract'

const LOCAL = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

function refused(detail: string): FairleadError {
  return new FairleadError('origin-refused', detail)
}

/**
 * Refuses what a page of somebody else may have made the browser on this machine send, where callers are trusted because they are on
 * this machine: requests under a name that was pointed here (DNS rebinding), and those that a page of another origin sent, which
 * browsers do without asking for plain text; pages of an origin that was `allowed` by name may. Throws `origin-refused`.
 */
export function refuseForeignPages({ host, origin, 'sec-fetch-site': site }: IncomingHttpHeaders, allowed?: (origin: string) => boolean): void {
  const name = (host ?? '').replace(/:\d+$/, '').toLowerCase()
  if (!LOCAL.test(name)) throw refused(`without a key this platform answers on this machine only, and not under the name "${name.slice(0, 100)}"`)
  if (origin === undefined || allowed?.(origin)) return
  const own = URL.canParse(origin) && new URL(origin).host === host?.toLowerCase()
  if (!own || site === 'cross-site')
    throw refused(`without a key no page of ${origin.slice(0, 100)} may ask for predictions, unless --allowed-origins names it`)
}
