import type { SignatureChange } from '@fairlead/contract/control'
import type { Use } from './reading.ts'
import type { RegistryDb } from './tables.ts'

/** Files by the digest of their content. Every read is verified. Errors of all members: `storage-full` when there is no room. */
export interface BlobStore {
  /**
   * Stores a stream under its digest, without ever holding it whole; what is already there is written again, which mends a damaged copy.
   * On disk when it settles. Throws `body-too-large` past `limit` bytes, the signal's reason when aborted, and the source's own error;
   * nothing is kept then.
   */
  put(source: AsyncIterable<Uint8Array>, options?: { limit?: number; signal?: AbortSignal }): Promise<{ digest: string; size: number }>
  /** The content in pieces. Throws `blob-missing` at the first piece, `blob-corrupt` after the last one when the digest differs. */
  open(digest: string): AsyncIterable<Uint8Array>
  /** The whole content, verified. Throws `blob-missing`, `blob-corrupt`. */
  read(digest: string): Promise<Uint8Array>
  has(digest: string): Promise<boolean>
  /** Removes the content; nothing happens when there is none. */
  remove(digest: string): Promise<void>
}

/** The other side of a blob store, for the one process that tidies it. */
export interface BlobInventory {
  /** Digests of everything stored, in no order. */
  list(): AsyncIterable<string>
  /** Removes what writes that never ended have left. Call it while nothing writes. */
  tidy(): Promise<void>
}

/** Tells who uses a model, or one version of it. */
export interface ModelUsage {
  /** Deployments that answer with it, or are about to. */
  deploymentsOf(model: string, version?: number): Promise<Use[]>
  /** All releases that need it: also those that may be gone back to. `within`: the transaction that builds on the answer. */
  releasesOf(model: string, version: number | undefined, within: RegistryDb): Promise<Use[]>
  /** Changes against a version, breaking ones with the callers who would break. */
  affected?(model: string, version: number, changes: readonly SignatureChange[]): Promise<SignatureChange[]>
}
