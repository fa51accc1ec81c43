import type { Row } from '@fairlead/contract'
import type { ResponseOf } from '@fairlead/contract/control'
import { describeError } from '../api/problem.ts'

/** What the try route answered, and how long the browser waited for it. */
export interface Tried {
  answer: ResponseOf<'tryDeployment'>
  roundTripMs: number
  /** The row that was asked about. */
  row: Row
  /** Why the answer comes without an explanation; absent where it has one. */
  unexplained?: string
}

/** A request to the try route. */
export type Ask = (body: { rows: Row[]; explain?: boolean }) => Promise<ResponseOf<'tryDeployment'>>

/** Refusals of the explanation alone: the prediction may still be had. The first holds for the whole release, the others for this moment. */
const NEVER = 'explanation-unavailable'
const NOT_NOW: Record<string, string> = {
  'deadline-exceeded': 'working it out took longer than this release may take',
  'queue-full': 'too many explanations are being worked out at the moment',
}

/** Releases that cannot be explained, by digest, and why. */
const unexplainable = new Map<string, string>()

/**
 * Asks for one prediction with its explanation, and without where there is none. A release that cannot be explained is asked
 * without from then on. Rejects as `ask` does when the prediction itself is refused.
 */
export async function askForOne(ask: Ask, row: Row, release: string): Promise<Tried> {
  const timed = async (explain: boolean): Promise<Tried> => {
    const start = performance.now()
    const answer = await ask({ rows: [row], ...(explain ? { explain } : {}) })
    return { answer, roundTripMs: performance.now() - start, row }
  }
  const known = unexplainable.get(release)
  if (known !== undefined) return { ...(await timed(false)), unexplained: known }
  try {
    return await timed(true)
  } catch (error) {
    const { code, detail } = describeError(error)
    const reason = code === NEVER ? detail : NOT_NOW[code]
    if (reason === undefined) throw error
    if (code === NEVER) unexplainable.set(release, reason)
    return { ...(await timed(false)), unexplained: reason }
  }
}
