import type { ModelFile } from '@fairlead/contract/control'
import { canonicalJson } from '../../kernel/canonical-json.ts'
import { sha256 } from '../../kernel/digest.ts'

/** Where the signature that a user supplied lies among a version's files. */
export const SIGNATURE_FILE = 'fairlead-signature.yaml'

/** The digest of a version: SHA-256 of the canonical JSON of `[[path, digest], …]`, sorted by path. The same files give the same digest. */
export function versionDigest(files: Pick<ModelFile, 'path' | 'digest'>[]): string {
  const manifest = files.map(({ path, digest }) => [path, digest] as const).sort(([a], [b]) => (a < b ? -1 : 1))
  return sha256(canonicalJson(manifest))
}
