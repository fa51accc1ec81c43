import type { ModelFile } from '@fairlead/contract/control'
import { canonicalJson } from '../../kernel/canonical-json.ts'
import { sha256 } from '../../kernel/digest.ts'

/** Where the signature that a user supplied lies among a version's files. */
export const SIGNATURE_FILE = 'fairlead-signature.yaml'

/** Where what the user stated of the model lies among a version's files. */
export const READING_FILE = 'fairlead-reading.json'

/** Files that the user supplied beside the model's own. */
export const STATED_FILES: readonly string[] = [SIGNATURE_FILE, READING_FILE]

/** The digest of a version: SHA-256 of the canonical JSON of `[[path, digest], …]`, sorted by path. The same files give the same digest. */
export function versionDigest(files: Pick<ModelFile, 'path' | 'digest'>[]): string {
  const manifest = files.map(({ path, digest }) => [path, digest] as const).sort(([a], [b]) => (a < b ? -1 : 1))
  return sha256(canonicalJson(manifest))
}
