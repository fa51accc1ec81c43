import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A folder that is gone when the test ends. */
export interface TemporaryFolder extends AsyncDisposable {
  path: string
  at(path: string): string
  write(path: string, text: string): Promise<void>
}

/** Makes a folder with these files. */
export async function temporaryFolder(files: Record<string, string> = {}): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'fairlead-cli-'))
  const at = (inner: string) => join(path, inner)
  const write = async (inner: string, text: string) => {
    await mkdir(dirname(at(inner)), { recursive: true })
    await writeFile(at(inner), text)
  }
  for (const [inner, text] of Object.entries(files)) await write(inner, text)
  return { path, at, write, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}
