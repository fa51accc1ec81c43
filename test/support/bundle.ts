import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import { ROOT } from '../../scripts/files.ts'

/** A program for browsers, minified, as bundlers of websites make it. */
export interface Bundle {
  code: string
  gzipBytes: number
}

/** Bundles a program that may import `@fairlead/client`. */
export async function bundled(program: string): Promise<Bundle> {
  const entry = join(ROOT, 'entry.js')
  const plugin = {
    name: 'entry',
    resolveId: (id: string) => (id === 'entry' ? entry : null),
    load: (id: string) => (id === entry ? program : null),
  }
  const bundle = await rolldown({ input: 'entry', platform: 'browser', cwd: ROOT, plugins: [plugin] })
  const { output } = await bundle.generate({ format: 'es', minify: true })
  await bundle.close()
  const { code } = output[0]
  return { code, gzipBytes: gzipSync(code, { level: 9 }).length }
}
