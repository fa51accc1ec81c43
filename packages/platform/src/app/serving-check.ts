import type { Signature } from '@fairlead/contract'
import { type ModelCheck, releaseSettings } from '@fairlead/contract/control'
import { askTable, type Session } from '../domain/inference/index.ts'
import type { ServingExample } from '../model/index.ts'
import { readScoringBody } from '../transport/http/scoring/read-body.ts'

/** Longest words of a reason. */
const WORDS = 1000

/**
 * Asks a model what its own example of a scoring request asks, read as the scoring endpoint of a deployment with usual settings reads it.
 * Never throws: what goes wrong is what is found.
 */
export async function servingCheck(session: Session, signature: Signature, { path, body }: ServingExample): Promise<ModelCheck> {
  const settings = releaseSettings.parse({})
  try {
    const rows = await askTable({ signature, session }, settings, ({ exactIntegers }) =>
      readScoringBody(Buffer.from(body), { columns: signature.columns, maxRows: settings.maxRows, exactIntegers }),
    )
    return { name: 'serving', ok: true, detail: `The serving example ${path} is answered (${rows} ${rows === 1 ? 'row' : 'rows'}).` }
  } catch (error) {
    const why = (error instanceof Error ? error.message : String(error)).slice(0, WORDS)
    return { name: 'serving', ok: false, detail: `The serving example ${path} is not answered, and neither are requests like it: ${why}` }
  }
}
