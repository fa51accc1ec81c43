import type { Signature } from '@fairlead/contract'
import type { ModelCheck, SignatureChange } from '@fairlead/contract/control'
import { compareSignatures } from '../../model/signature/compare.ts'
import { newestVersion } from './reading.ts'
import type { RegistryDb } from './tables.ts'

/** Changes that are told in words; the rest is counted. */
const MOST_TOLD = 10

/** What a new version means to the callers of the newest there is, by their signatures; absent where there is none before. */
export async function signatureCheck(db: RegistryDb, model: string, signature: Signature): Promise<ModelCheck | undefined> {
  const version = await newestVersion(db, model)
  if (version === undefined) return undefined
  const row = await db.selectFrom('model_versions').select('signature').where('model', '=', model).where('version', '=', version).executeTakeFirstOrThrow()
  const changes = compareSignatures(JSON.parse(row.signature) as Signature, signature)
  const breaking = changes.filter((change) => change.breaking)
  if (breaking.length > 0) return { name: 'signature', ok: false, detail: `Callers of version ${version} would break: ${told(breaking)}.` }
  const detail = changes.length === 0 ? `The same as that of version ${version}.` : `Callers of version ${version} go on as they are; ${told(changes)}.`
  return { name: 'signature', ok: true, detail }
}

function told(changes: readonly SignatureChange[]): string {
  const words = changes.slice(0, MOST_TOLD).map(({ path, detail }) => `${path} ${detail}`)
  return changes.length > MOST_TOLD ? `${words.join('; ')}; and ${changes.length - MOST_TOLD} more` : words.join('; ')
}
