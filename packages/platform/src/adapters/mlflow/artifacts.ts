import { FairleadError } from '@fairlead/contract'
import { atOnce } from '../../kernel/at-once.ts'
import { checkPath } from '../../kernel/relative-path.ts'
import { artifactList } from './answers.ts'
import type { Connection } from './connection.ts'
import type { FetchLimits } from './server.ts'
import { ARTIFACTS_PATH } from './uri.ts'

/** A file to fetch: its path below the root, and its size where the server told it. */
export interface Artifact {
  path: string
  size: number | undefined
}

const AT_ONCE = 4

/** Path of an artifact below a server's address. */
export function artifactPath(root: string, path: string): string {
  const full = path === '' ? root : `${root}/${path}`
  return `${ARTIFACTS_PATH}/${full.split('/').map(encodeURIComponent).join('/')}`
}

/**
 * The files below a folder that a server hands out, in order of path; none where it is a file or not there. What the server says is not
 * trusted: throws `artifact-invalid` for a name that is no plain name of a file, for names that differ in case only, and for folders below
 * folders without end; `model-too-large` past the limits.
 */
export async function listArtifacts(from: Connection, root: string, limits: FetchLimits): Promise<Artifact[]> {
  const found: Artifact[] = []
  const limited = atOnce(AT_ONCE)
  let bytes = 0
  let folderCount = 0
  const list = async (folder: string, depth: number): Promise<void> => {
    const asked = folder === '' ? root : `${root}/${folder}`
    const { files } = await limited(() => from.get(ARTIFACTS_PATH, { path: asked }, artifactList))
    const seen = new Set<string>()
    const folders: string[] = []
    for (const { path: name, is_dir, file_size } of files ?? []) {
      const path = folder === '' ? name : `${folder}/${name}`
      checkName(name, path, seen)
      if (is_dir) folders.push(path)
      else found.push({ path, size: file_size ?? undefined })
      bytes += is_dir ? 0 : Math.max(0, file_size ?? 0)
    }
    if (folders.length > 0 && depth >= limits.depth) throw invalid(folder, `it has folders more than ${limits.depth} deep`)
    folderCount += folders.length
    // empty folders cost a request each
    if (found.length + folderCount > limits.files)
      throw new FairleadError('model-too-large', `There are more than ${limits.files} files at ${root}; name the model's own folder.`)
    if (bytes > limits.bytes) throw tooLarge(root, limits)
    await Promise.all(folders.map((inner) => list(inner, depth + 1)))
  }
  await list('', 1)
  return found.sort((a, b) => (a.path < b.path ? -1 : 1))
}

export function tooLarge(root: string, { bytes }: FetchLimits): FairleadError {
  return new FairleadError('model-too-large', `The files at ${root} have more than ${bytes} bytes together.`)
}

function checkName(name: string, path: string, seen: Set<string>): void {
  if (name.includes('/')) throw invalid(name, 'a name in a list of artifacts cannot have a /')
  try {
    checkPath(path)
  } catch (cause) {
    throw invalid(path, cause instanceof Error ? cause.message : String(cause))
  }
  // some file systems hold one of them only
  const folded = name.normalize('NFC').toLowerCase()
  if (seen.has(folded)) throw invalid(path, 'another file there has the same name but for upper and lower case')
  seen.add(folded)
}

function invalid(path: string, why: string): FairleadError {
  const shown = JSON.stringify(path.slice(0, 100))
  return new FairleadError('artifact-invalid', `The tracking server lists ${shown}: ${why}.`, {
    items: [{ path: shown, code: 'artifact-invalid', detail: why }],
  })
}
