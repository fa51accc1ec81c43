/** The files of a model as someone handed them over. Paths use `/` and are relative to one folder. */
export interface FileListing {
  readonly paths: readonly { path: string; size: number }[]
  read(path: string): Promise<Uint8Array>
}

/** The folder of a path; empty for the root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** Joins a folder, which may be empty, and a path in it. */
export function inFolder(folder: string, path: string): string {
  return folder === '' ? path : `${folder}/${path}`
}

/** Whether the listing has this path. */
export function hasFile(files: FileListing, path: string): boolean {
  return files.paths.some((file) => file.path === path)
}

/** Bytes of a path of the listing; 0 for one that it lacks. */
export function sizeOf(files: FileListing, path: string): number {
  return files.paths.find((file) => file.path === path)?.size ?? 0
}
