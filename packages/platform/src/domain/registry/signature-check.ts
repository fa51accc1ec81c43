import type { Signature } from '@fairlead/contract'
import type { ModelCheck, SignatureChange } from '@fairlead/contract/control'
import { compareSignatures } from '../../model/signature/compare.ts'
import type { ModelUsage } from './ports.ts'
import { newestVersion } from './reading.ts'
import type { RegistryDb } from './tables.ts'

/** Changes that are told in words; the rest is counted. */
const MOST_TOLD = 10

/** What a new version means to the callers of the newest there is, by their signatures; absent where there is none before. */
export async function signatureCheck(
  db: RegistryDb,
  { model, signature }: { model: string; signature: Signature },
  affected: NonNullable<ModelUsage['affected']> = async (_model, _version, changes) => [...changes],
): Promise<ModelCheck | undefined> {
  const version = await newestVersion(db, model)
  if (version === undefined) return undefined
  const row = await db.selectFrom('model_versions').select('signature').where('model', '=', model).where('version', '=', version).executeTakeFirstOrThrow()
  const changes = await affected(model, version, compareSignatures(JSON.parse(row.signature) as Signature, signature))
  const breaking = changes.filter((change) => change.breaking)
  if (breaking.length > 0) return { name: 'signature', ok: false, detail: `Callers of version ${version} would break: ${told(breaking)}.${whoOf(breaking)}` }
  const detail = changes.length === 0 ? `The same as that of version ${version}.` : `Callers of version ${version} go on as they are; ${told(changes)}.`
  return { name: 'signature', ok: true, detail }
}

/** Who would break, by name, as the log of the last days tells. */
function whoOf(breaking: readonly SignatureChange[]): string {
  if (breaking.every(({ callers }) => callers === undefined)) return ''
  const found = new Map<string, { words: string; paths: string[] }>()
  for (const { path, callers = [] } of breaking) {
    for (const { caller, name, deployment, interfaces, rows, lastSeen } of callers) {
      const who = name === undefined ? caller : `the key "${name}"`
      const words = `${who} of ${deployment} (by ${interfaces.join(', ')}; ${rows} rows, last ${lastSeen})`
      const known = found.get(`${deployment} ${caller}`)
      if (known) known.paths.push(path)
      else found.set(`${deployment} ${caller}`, { words, paths: [path] })
    }
  }
  const all = [...found.values()]
  if (all.length === 0) return ' Nobody who asked in the last seven days would break.'
  const shown = all.slice(0, MOST_TOLD).map(({ words, paths }) => `${words} by ${[...new Set(paths)].slice(0, MOST_TOLD).join(', ')}`)
  return ` Of those who asked in the last seven days: ${shown.join('; ')}${all.length > MOST_TOLD ? `; and ${all.length - MOST_TOLD} more` : ''}.`
}

function told(changes: readonly SignatureChange[]): string {
  const words = changes.slice(0, MOST_TOLD).map(({ path, detail }) => `${path} ${detail}`)
  return changes.length > MOST_TOLD ? `${words.join('; ')}; and ${changes.length - MOST_TOLD} more` : words.join('; ')
}
