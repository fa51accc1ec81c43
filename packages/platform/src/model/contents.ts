import type { ModelCheck } from '@fairlead/contract/control'
import { type PickleImport, scanPickle, scanSkops, UnreadableModel } from '@fairlead/evaluator'
import type { FileListing } from './files.ts'

/** Names that a check lists; the rest is counted. */
const MOST_NAMED = 10
/** Pickles beside a model that are looked into, and the largest of them. */
const MOST_PICKLES = 10
const PICKLE_BYTES = 64 * 1024 * 1024
const PICKLES = /\.(pkl|pickle|joblib|cloudpickle)$/i
const CODE = /\.(py|pyc|so|dll|dylib|sh|exe)$/i

/** What is in one part of a version, in words, and whether it is as it should be. */
interface Found {
  ok: boolean
  words: string
}

/**
 * What the files of a version name and carry: every type that a skops file names, and beside the model of an MLflow directory the pickles and
 * programs, which are never loaded here but would be by the library. Nothing is executed. Absent where there is nothing to look into.
 */
export async function contentsCheck(
  files: FileListing,
  { skops, folder }: { skops: Uint8Array | undefined; folder: boolean },
): Promise<ModelCheck | undefined> {
  const found: Found[] = skops ? [skopsTypes(skops)] : []
  if (folder) found.push(...(await besides(files)))
  if (found.length === 0) return undefined
  return { name: 'contents', ok: found.every(({ ok }) => ok), detail: `${found.map(({ words }) => words).join('; ')}.` }
}

function skopsTypes(bytes: Uint8Array): Found {
  const { types } = scanSkops(bytes)
  const known = types.filter(({ verdict }) => verdict === 'known')
  const strange = types.filter(({ verdict }) => verdict !== 'known')
  const counted = `the skops file names ${known.length} known ${known.length === 1 ? 'type' : 'types'}`
  if (strange.length === 0) return { ok: true, words: `${counted} and no other` }
  return { ok: false, words: `${counted} and ${strange.length} that ${strange.length === 1 ? 'is' : 'are'} not: ${named(strange)}` }
}

async function besides(files: FileListing): Promise<Found[]> {
  const found: Found[] = []
  const pickles = files.paths.filter(({ path }) => PICKLES.test(path))
  for (const { path, size } of pickles.slice(0, MOST_PICKLES))
    found.push({ ok: false, words: `${path} is a pickle, which is not loaded${size > PICKLE_BYTES ? '' : picklesImports(await files.read(path))}` })
  if (pickles.length > MOST_PICKLES) found.push({ ok: false, words: `${pickles.length - MOST_PICKLES} more pickles` })
  const code = files.paths.filter(({ path }) => CODE.test(path))
  if (code.length > 0) found.push({ ok: false, words: `programs that are not run: ${namesOf(code.map(({ path }) => path))}` })
  if (found.length === 0) found.push({ ok: true, words: `${files.paths.length} files, no pickle and no program among them` })
  return found
}

function picklesImports(bytes: Uint8Array): string {
  try {
    const { imports, findings } = scanPickle(bytes)
    const more = findings.map((finding) => `; ${finding}`).join('')
    const strange = imports.filter(({ verdict }) => verdict !== 'known')
    if (strange.length > 0) return ` and would import ${named(strange.map((one) => ({ ...one, name: nameOf(one) })))}${more}`
    return ` and names ${imports.length} known ${imports.length === 1 ? 'type' : 'types'}${more}`
  } catch (error) {
    if (!(error instanceof UnreadableModel)) throw error
    return `; what is in it cannot be listed: ${error.message}`
  }
}

function nameOf({ module, name }: PickleImport): string {
  return `${module}.${name}`
}

/** The dangerous ones first. */
function named(types: readonly { name: string; verdict: string }[]): string {
  const sorted = types.toSorted((a, b) => Number(b.verdict === 'dangerous') - Number(a.verdict === 'dangerous'))
  return namesOf(sorted.map(({ name, verdict }) => (verdict === 'dangerous' ? `${name} (dangerous)` : name)))
}

function namesOf(names: readonly string[]): string {
  const some = names.slice(0, MOST_NAMED).join(', ')
  return names.length > MOST_NAMED ? `${some} and ${names.length - MOST_NAMED} more` : some
}
